import type { ApiKey, Metadata } from './key.ts'
import type { Environment } from './secret.ts'

/** What a handler learns about the key that opened its route. Frozen, and shared by every request with that key. */
export interface VerifiedKey {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly environment: Environment
  readonly scopes: readonly string[]
  readonly metadata: Readonly<Metadata>
}

/** Why a key was refused. The first two are told before any key was recognised, so they carry none. */
export type RefusalReason =
  'malformed' | 'unknown' | 'revoked' | 'expired' | 'disabled' | 'environment' | 'insufficient_scope'

/** The closed set of outcomes. */
export type Verdict =
  | { readonly ok: true; readonly key: VerifiedKey }
  | { readonly ok: false; readonly reason: RefusalReason; readonly key: VerifiedKey | null }

/** What a route asks of a key: every one of these scopes and, if named, this environment. */
export interface Requirement {
  readonly scopes?: readonly string[]
  readonly environment?: Environment
}

/**
 * A key made ready to be judged often: what a cache holds. It proves who the key is; whether it may be used is
 * judged at each request, so that time passing needs no message.
 */
export interface JudgeableKey {
  readonly key: VerifiedKey
  readonly revoked: boolean
  readonly disabled: boolean
  /** Infinity when it never expires, so that judging needs one comparison. */
  readonly expiresAtMs: number
  readonly accepted: Verdict
}

/** The text is nothing Latchkey can have issued. */
export const MALFORMED: Verdict = Object.freeze({ ok: false, reason: 'malformed', key: null })
/** The text is well formed, but no key of this namespace has it. */
export const UNKNOWN: Verdict = Object.freeze({ ok: false, reason: 'unknown', key: null })

/** Prepares a record for {@link judge}. Everything that allocates happens here, once for many verdicts. */
export function prepareKey(apiKey: ApiKey): JudgeableKey {
  const key: VerifiedKey = deepFreeze({
    id: apiKey.id,
    owner: apiKey.owner,
    name: apiKey.name,
    environment: apiKey.environment,
    scopes: [...apiKey.scopes],
    metadata: structuredClone(apiKey.metadata),
  })
  return {
    key,
    revoked: apiKey.revokedAt !== null,
    disabled: apiKey.disabledAt !== null,
    expiresAtMs: apiKey.expiresAt?.getTime() ?? Infinity,
    accepted: Object.freeze({ ok: true, key }),
  }
}

/** Judges a recognised key against a request and a clock. Pure; what fails first answers. */
export function judge(judgeable: JudgeableKey, requirement: Requirement, nowMs: number): Verdict {
  const { key } = judgeable
  if (judgeable.revoked) return { ok: false, reason: 'revoked', key }
  if (judgeable.expiresAtMs <= nowMs) return { ok: false, reason: 'expired', key }
  if (judgeable.disabled) return { ok: false, reason: 'disabled', key }
  if (requirement.environment !== undefined && requirement.environment !== key.environment) {
    return { ok: false, reason: 'environment', key }
  }
  if (requirement.scopes !== undefined && !includesAll(key.scopes, requirement.scopes)) {
    return { ok: false, reason: 'insufficient_scope', key }
  }
  return judgeable.accepted
}

function includesAll(held: readonly string[], required: readonly string[]): boolean {
  for (const scope of required) {
    if (!held.includes(scope)) return false
  }
  return true
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
