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
import { checkQuotaChange, type QuotaUpdate } from './quota-input.ts'
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
  /** What it may spend from now on; null for as much as it likes. */
  quota?: QuotaUpdate | null | undefined
  /** false disables the key until it is set to true. */
  enabled?: boolean | undefined
}

/** The outcome of `keys.update`. There is a receipt when this update disabled the key. */
export type UpdateResult =
  | { ok: true; apiKey: ApiKey; receipt: RevocationReceipt | null }
  | InvalidInput
  | { ok: false; reason: 'not_found' | 'revoked' | 'expired' }

/** Checks the fields that a request would change. */
export function checkUpdate(
  { name, scopes, expiresAt, metadata, rateLimits, quota, enabled }: UpdateOptions,
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
    ...(quota !== undefined && { quota: checkQuotaChange(quota) }),
  })
}

/** A revoked key never changes again. An expired one works again only when it is given more time, not by enabling it. */
export function decideUpdate(
  current: ApiKey,
  fields: KeyChanges,
  enabled: boolean | undefined,
  nowMs: number,
): Decision<'revoked' | 'expired'> {
  if (current.revokedAt !== null) return { ok: false, refusal: 'revoked' }
  const { expiresAt = current.expiresAt } = fields
  if (enabled === true && keyState({ ...current, expiresAt }, nowMs) === 'expired') {
    return { ok: false, refusal: 'expired' }
  }
  let { disabledAt } = current
  if (enabled === true) disabledAt = null
  if (enabled === false) disabledAt ??= new Date(nowMs)
  const isUnchanged = Object.keys(fields).length === 0 && disabledAt === current.disabledAt
  return { ok: true, changes: isUnchanged ? null : { ...fields, disabledAt } }
}
