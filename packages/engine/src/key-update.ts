import { checkGrant, checkReach, type BeyondGrant, type Grant } from './grant.ts'
import {
  allChecked,
  checkExpiry,
  checkMetadata,
  checkName,
  checkRateLimits,
  checkScopes,
  invalid,
  type Checked,
  type InvalidInput,
} from './key-input.ts'
import { keyState, type ApiKey, type Metadata } from './key.ts'
import type { RateLimit } from './rate-limit.ts'
import type { RevocationReceipt } from './receipts.ts'
import type { Decision, KeyChanges } from './store.ts'

/** What to change; what is left out stays. */
export interface UpdateOptions {
  name?: string | undefined
  scopes?: readonly string[] | undefined
  expiresAt?: Date | null | undefined
  metadata?: Metadata | undefined
  /** All limits there shall be; an empty list removes them. */
  rateLimits?: readonly RateLimit[] | undefined
  /** false disables the key until it is set to true. */
  enabled?: boolean | undefined
  /** How far the changed key may reach. */
  grant?: Grant | undefined
}

/** Why a change that is well formed is not made. */
export type UpdateRefusal = { ok: false; reason: 'revoked' | 'expired' } | BeyondGrant

/** The outcome of `keys.update`. There is a receipt when this update disabled the key. */
export type UpdateResult =
  | { ok: true; apiKey: ApiKey; receipt: RevocationReceipt | null }
  | InvalidInput
  | UpdateRefusal
  | { ok: false; reason: 'not_found' }

/** Checks the fields that a request would change. */
export function checkUpdate(
  { name, scopes, expiresAt, metadata, rateLimits, enabled }: UpdateOptions,
  declared: Readonly<Record<string, string>>,
  nowMs: number,
): Checked<KeyChanges> {
  if (enabled !== undefined && typeof enabled !== 'boolean') {
    return invalid('enabled', 'must be true or false')
  }
  return allChecked({
    ...(name !== undefined && { name: checkName(name) }),
    ...(scopes !== undefined && { scopes: checkScopes(scopes, declared) }),
    ...(expiresAt !== undefined && { expiresAt: checkExpiry(expiresAt, nowMs) }),
    ...(metadata !== undefined && { metadata: checkMetadata(metadata) }),
    ...(rateLimits !== undefined && { rateLimits: checkRateLimits(rateLimits) }),
  })
}

/**
 * A revoked key never changes again. An expired one works again only when it is given more time, not by enabling it.
 * Nobody makes a key that may do more than they, nor lets one be good for longer; disabling one is always theirs.
 */
export function decideUpdate(
  current: ApiKey,
  fields: KeyChanges,
  { enabled, grant, nowMs }: Pick<UpdateOptions, 'enabled' | 'grant'> & { nowMs: number },
): Decision<UpdateRefusal> {
  if (current.revokedAt !== null) return refuse({ ok: false, reason: 'revoked' })
  const changed = { ...current, ...fields }
  const hasFields = Object.keys(fields).length > 0
  const beyond = (!hasFields && enabled === false ? checkReach : checkGrant)(grant, changed)
  if (beyond !== null) return refuse(beyond)
  if (enabled === true && keyState(changed, nowMs) === 'expired') {
    return refuse({ ok: false, reason: 'expired' })
  }
  let { disabledAt } = current
  if (enabled === true) disabledAt = null
  if (enabled === false) disabledAt ??= new Date(nowMs)
  const isUnchanged = !hasFields && disabledAt === current.disabledAt
  return { ok: true, changes: isUnchanged ? null : { ...fields, disabledAt } }
}

function refuse(refusal: UpdateRefusal): Decision<UpdateRefusal> {
  return { ok: false, refusal }
}
