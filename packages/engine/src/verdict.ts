import { canonicalAddress } from './address-list.ts'
import type { Caller } from './caller.ts'
import type { ApiKey, Metadata } from './key.ts'
import { refusalByPlace, type PlaceRefusal, type Places } from './places.ts'
import type { KeyQuota } from './quota-lease.ts'
import type { KeyLimits, RateLimitState } from './rate-limit.ts'
import type { Environment } from './secret.ts'
import type { MeteredKey, UsageMeter } from './usage.ts'

/** What a handler learns about the key that opened its route. Frozen, and shared by every request with that key. */
export interface VerifiedKey {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly environment: Environment
  /** What it may do: the declared scopes that its own stand for, as far as its owner may do that now. */
  readonly scopes: readonly string[]
  readonly metadata: Readonly<Metadata>
  /** When the secret that was presented ends, in milliseconds since 1970; left out when it does not. */
  readonly endsAtMs?: number
}

/** Why a key was refused that was recognised. */
export type KeyRefusal =
  | 'revoked'
  | 'retired'
  | 'expired'
  | 'suspended'
  | 'disabled'
  | 'pending'
  | 'environment'
  | PlaceRefusal
  | 'secret_key_required'
  | 'insufficient_scope'
  | 'rate_limited'
  | 'quota_exceeded'

/** Why a key was refused. The first three are told before any key was recognised, so they carry none. */
export type RefusalReason = 'malformed' | 'unknown' | 'too_many_attempts' | KeyRefusal

/** The closed set of outcomes. */
export type Verdict = Accepted | Refused | RateLimited | QuotaExceeded

/** The key may be used. */
export interface Accepted {
  readonly ok: true
  readonly key: VerifiedKey
  /** Where each of the key's limits stands: live, so read it before the next request changes it. */
  readonly rateLimits: readonly RateLimitState[]
}

/** The key may not be used, or there is none. */
export interface Refused {
  readonly ok: false
  readonly reason: Exclude<RefusalReason, 'rate_limited' | 'quota_exceeded'>
  readonly key: VerifiedKey | null
  /** With `too_many_attempts`: milliseconds until the client's next wrong secret gets an answer again. */
  readonly retryAfterMs?: number
  /** With `address_not_allowed`: where the request came from, as it was seen; null when it was not. */
  readonly address?: string | null
}

/** The key may be used, but not so often. */
export interface RateLimited {
  readonly ok: false
  readonly reason: 'rate_limited'
  readonly key: VerifiedKey
  readonly rateLimits: readonly RateLimitState[]
  /** The names of the limits that were reached. */
  readonly violated: readonly string[]
  /** Milliseconds until the same request is within its limits; null when it costs more than a limit allows at all. */
  readonly retryAfterMs: number | null
}

/** The key has too few credits left. Its rate limits have let the request through, so it counts against them. */
export interface QuotaExceeded {
  readonly ok: false
  readonly reason: 'quota_exceeded'
  readonly key: VerifiedKey
  readonly rateLimits: readonly RateLimitState[]
  /** Milliseconds until the quota is filled up; null when it never is, or the request costs more than its limit. */
  readonly retryAfterMs: number | null
}

/** What a route asks of a key. */
export interface Requirement {
  /** It must have every one of these scopes. */
  readonly scopes?: readonly string[]
  /** And at least one of these. */
  readonly anyScope?: readonly string[]
  /** If named, it must be of this environment. */
  readonly environment?: Environment
  /** Units that the request takes from each of the key's rate limits, and credits from its quota; 1 when left out. */
  readonly cost?: number
}

/** A key that was revoked, whose owner is suspended, or that was disabled: what is hardest to undo for those who have it. */
export type Barred = 'revoked' | 'suspended' | 'disabled'

/** What a verdict needs to know of a key's record. */
export interface KeyFacts extends Pick<
  ApiKey,
  'id' | 'owner' | 'name' | 'environment' | 'scopes' | 'metadata' | 'rateLimits'
> {
  /** By which it was found. */
  readonly hash: string
  /** What a person did to it, or to its owner. */
  readonly barred: Barred | null
  /** null when it never expires. */
  readonly expiresAtMs: number | null
  /** null when it was good from the start. */
  readonly notBeforeMs: number | null
  /** The replaced secret by which it was found; null: its present one. */
  readonly retired: { readonly id: string; readonly endsAtMs: number } | null
  /** Names the credits it has; null when it has no quota. */
  readonly allotment: string | null
  /** null when it may be used everywhere. */
  readonly places: Places | null
}

/** What can stand in the way of a key: what a person did to it, when it begins and ends, each null for never, and where it may be used. */
interface KeyBounds {
  readonly barred: Barred | null
  readonly notBeforeMs: number | null
  readonly expiresAtMs: number | null
  /** Of the secret by which it was found. */
  readonly retiresAtMs: number | null
  readonly places: Places | null
}

/**
 * A key made ready to be judged often: what a cache holds. It proves who the key is; whether it may be used is
 * judged at each request, so that time passing needs no message. There may be very many, so it is small.
 */
export interface JudgeableKey {
  readonly accepted: Accepted
  /** null when nothing does: one field for what most keys have none of. */
  readonly bounds: KeyBounds | null
  readonly limits: KeyLimits | null
  readonly quota: KeyQuota | null
  readonly meter: UsageMeter
}

/** The text is nothing Latchkey can have issued. */
export const MALFORMED: Refused = Object.freeze({ ok: false, reason: 'malformed', key: null })
/** The text is well formed, but no key of this namespace has it. */
export const UNKNOWN: Refused = Object.freeze({ ok: false, reason: 'unknown', key: null })

const NO_METADATA: Metadata = Object.freeze({})
const NO_RATE_LIMITS: readonly RateLimitState[] = Object.freeze([])
/** Measured: a key without metadata, with scopes that other keys have as well. */
const KEY_BYTES = 360
const LIMIT_BYTES = 500
const QUOTA_BYTES = 500
/** More than most lists take, which many keys may share. */
const PLACES_BYTES = 2_000
/** Parsed JSON takes several times the memory of its text. */
const BYTES_PER_METADATA_CHARACTER = 8

/** Prepares a key for {@link judge}. Everything that allocates happens here, once for many verdicts. */
export function prepareKey(
  facts: KeyFacts,
  {
    limits,
    quota,
    meterOf,
  }: { limits: KeyLimits | null; quota: KeyQuota | null; meterOf: (key: MeteredKey) => UsageMeter },
): JudgeableKey {
  const hasMetadata = Object.keys(facts.metadata).length > 0
  const endless: VerifiedKey = {
    id: facts.id,
    owner: facts.owner,
    name: facts.name,
    environment: facts.environment,
    scopes: Object.freeze(facts.scopes),
    metadata: hasMetadata ? deepFreeze(structuredClone(facts.metadata)) : NO_METADATA,
  }
  const key = Object.freeze(withEnd(endless, facts))
  return {
    accepted: Object.freeze({ ok: true, key, rateLimits: limits?.states ?? NO_RATE_LIMITS }),
    bounds: boundsOf(facts),
    limits,
    quota,
    meter: meterOf(facts.retired === null ? key : { ...key, secretId: facts.retired.id }),
  }
}

/** Most keys have no end, nor room for one. */
function withEnd(key: VerifiedKey, { expiresAtMs, retired }: KeyFacts): VerifiedKey {
  if (expiresAtMs === null && retired === null) return key
  return { ...key, endsAtMs: Math.min(expiresAtMs ?? Infinity, retired?.endsAtMs ?? Infinity) }
}

function boundsOf({ barred, notBeforeMs, expiresAtMs, retired, places }: KeyFacts): KeyBounds | null {
  if (
    barred === null &&
    notBeforeMs === null &&
    expiresAtMs === null &&
    retired === null &&
    places === null
  ) {
    return null
  }
  return { barred, notBeforeMs, expiresAtMs, retiresAtMs: retired?.endsAtMs ?? null, places }
}

/** About how much memory a key takes; always the same for the same key, since nothing of it changes. */
export function bytesOf({ accepted: { key, rateLimits }, bounds, quota }: JudgeableKey): number {
  const { metadata } = key
  const characters = metadata === NO_METADATA ? 0 : JSON.stringify(metadata).length
  return (
    KEY_BYTES +
    BYTES_PER_METADATA_CHARACTER * characters +
    LIMIT_BYTES * rateLimits.length +
    (quota === null ? 0 : QUOTA_BYTES) +
    (bounds === null || bounds.places === null ? 0 : PLACES_BYTES)
  )
}

/** Judges a recognised key against a request and a clock. Pure; what fails first answers. Limits and the quota come after it. */
export function judge(
  judgeable: JudgeableKey,
  requirement: Requirement,
  nowMs: number,
  caller?: Caller,
): Accepted | Refused {
  const { accepted, bounds } = judgeable
  const { key } = accepted
  if (bounds !== null) {
    const reason = refusalByState(bounds, nowMs)
    if (reason !== null) return { ok: false, reason, key }
  }
  if (requirement.environment !== undefined && requirement.environment !== key.environment) {
    return { ok: false, reason: 'environment', key }
  }
  if (bounds !== null && bounds.places !== null) {
    const refused = refuseByPlace(bounds.places, key, requirement, caller)
    if (refused !== null) return refused
  }
  const { scopes, anyScope } = requirement
  if (
    (scopes !== undefined && !includesAll(key.scopes, scopes)) ||
    (anyScope !== undefined && !includesAny(key.scopes, anyScope))
  ) {
    return { ok: false, reason: 'insufficient_scope', key }
  }
  return accepted
}

/** The same precedence as `keyState`; that the owner is suspended comes before what the owner can undo. */
export function refusalByState(
  { barred, notBeforeMs, expiresAtMs, retiresAtMs }: KeyBounds,
  nowMs: number,
): 'revoked' | 'retired' | 'expired' | 'suspended' | 'disabled' | 'pending' | null {
  if (barred === 'revoked') return 'revoked'
  if (retiresAtMs !== null && retiresAtMs <= nowMs) return 'retired'
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return 'expired'
  if (barred !== null) return barred
  return notBeforeMs !== null && notBeforeMs > nowMs ? 'pending' : null
}

/** A publishable key opens what asks for a scope, for it holds public ones only; what asks for none was not made for it. */
function refuseByPlace(
  places: Places,
  key: VerifiedKey,
  { scopes, anyScope }: Requirement,
  caller: Caller | undefined,
): Refused | null {
  const reason = refusalByPlace(places, caller)
  if (reason === 'address_not_allowed') {
    return { ok: false, reason, key, address: canonicalAddress(caller?.ip) }
  }
  if (reason !== null) return { ok: false, reason, key }
  const asksForScope = (scopes?.length ?? 0) + (anyScope?.length ?? 0) > 0
  return places.isPublishable && !asksForScope ? { ok: false, reason: 'secret_key_required', key } : null
}

function includesAll(held: readonly string[], required: readonly string[]): boolean {
  for (const scope of required) {
    if (!held.includes(scope)) return false
  }
  return true
}

function includesAny(held: readonly string[], alternatives: readonly string[]): boolean {
  for (const scope of alternatives) {
    if (held.includes(scope)) return true
  }
  return false
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
