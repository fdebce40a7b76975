import { checkAllowedIps } from './address-list.ts'
import { allChecked, invalid, type Checked, type InvalidInput } from './checked.ts'
import { checkGrant, checkProof, checkReach, type GrantRefusal, type Grant } from './grant.ts'
import {
  checkBlockBrowsers,
  checkExpiry,
  checkMetadata,
  checkName,
  checkNotBefore,
  checkRateLimits,
  checkRotateEveryDays,
  checkScopes,
} from './key-input.ts'
import type { ExpiryPolicy } from './expiry-policy.ts'
import { checkQuotaChange, type QuotaUpdate } from './quota-input.ts'
import { publishableFault } from './key-kind.ts'
import { keyState, type ApiKey, type Metadata } from './key.ts'
import { checkAllowedOrigins } from './origin-list.ts'
import type { RateLimit } from './rate-limit.ts'
import type { RevocationReceipt } from './receipts.ts'
import type { Condition, Stale } from './revision.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Decision, KeyChanges } from './store.ts'

/** What to change; what is left out stays. */
export interface UpdateOptions extends Condition {
  name?: string | undefined
  scopes?: readonly string[] | undefined
  expiresAt?: Date | null | undefined
  /** null: good at once. */
  notBefore?: Date | null | undefined
  metadata?: Metadata | undefined
  /** All addresses and ranges from which it may be used; from everywhere when empty. */
  allowedIps?: readonly string[] | undefined
  /** The origins of all web pages on which it may be used; everywhere when empty. */
  allowedOrigins?: readonly string[] | undefined
  /** Whether it is refused to browsers. */
  blockBrowsers?: boolean | undefined
  /** All limits there shall be; an empty list removes them. */
  rateLimits?: readonly RateLimit[] | undefined
  /** After how many days somebody should rotate it, 1 to 3,650; null: nobody is reminded. */
  rotateEveryDays?: number | null | undefined
  /** What it may spend from now on; null for as much as it likes. */
  quota?: QuotaUpdate | null | undefined
  /** false disables the key until it is set to true. */
  enabled?: boolean | undefined
  /** How far the changed key may reach. */
  grant?: Grant | undefined
}

/** Why a change that is well formed is not made. */
export type UpdateRefusal = { ok: false; reason: 'revoked' | 'expired' } | GrantRefusal

/** The outcome of `keys.update`. There is a receipt when this update disabled the key. */
export type UpdateResult =
  | { ok: true; apiKey: ApiKey; receipt: RevocationReceipt | null }
  | InvalidInput
  | UpdateRefusal
  | Stale
  | { ok: false; reason: 'not_found' }

/** Checks the fields that a request would change. */
export function checkUpdate(
  {
    name,
    scopes,
    expiresAt,
    notBefore,
    metadata,
    allowedIps,
    allowedOrigins,
    blockBrowsers,
    rateLimits,
    rotateEveryDays,
    quota,
    enabled,
  }: UpdateOptions,
  { catalog, policy, nowMs }: { catalog: ScopeCatalog; policy: ExpiryPolicy; nowMs: number },
): Checked<KeyChanges> {
  if (enabled !== undefined && typeof enabled !== 'boolean') {
    return invalid('enabled', 'must be true or false')
  }
  return allChecked({
    ...(name !== undefined && { name: checkName(name) }),
    ...(scopes !== undefined && { scopes: checkScopes(scopes, catalog) }),
    ...(expiresAt !== undefined && { expiresAt: checkExpiry(expiresAt, policy, nowMs) }),
    ...(notBefore !== undefined && { notBefore: checkNotBefore(notBefore) }),
    ...(metadata !== undefined && { metadata: checkMetadata(metadata) }),
    ...(allowedIps !== undefined && { allowedIps: checkAllowedIps(allowedIps) }),
    ...(allowedOrigins !== undefined && { allowedOrigins: checkAllowedOrigins(allowedOrigins) }),
    ...(blockBrowsers !== undefined && { blockBrowsers: checkBlockBrowsers(blockBrowsers) }),
    ...(rateLimits !== undefined && { rateLimits: checkRateLimits(rateLimits) }),
    ...(rotateEveryDays !== undefined && { rotateEveryDays: checkRotateEveryDays(rotateEveryDays) }),
    ...(quota !== undefined && { quota: checkQuotaChange(quota) }),
  })
}

export const NEVER_GOOD = invalid('notBefore', 'must be before expiresAt')

/** Whether a key ends before it begins. */
export function isNeverGood({ notBefore, expiresAt }: Pick<ApiKey, 'notBefore' | 'expiresAt'>): boolean {
  return notBefore !== null && expiresAt !== null && notBefore >= expiresAt
}

/** What a host no longer allows must not keep anybody from changing something else, as from disabling the key. */
function concernsPlaces({ scopes, allowedOrigins, blockBrowsers }: KeyChanges): boolean {
  return (scopes ?? allowedOrigins ?? blockBrowsers) !== undefined
}

/**
 * A revoked key does not change. An expired one works again only when it is given more time, not by enabling it.
 * Nobody makes a key that may do more than they, nor lets one be good for longer; disabling one is always theirs.
 */
export function decideUpdate(
  current: ApiKey,
  fields: KeyChanges,
  {
    catalog,
    enabled,
    grant,
    nowMs,
  }: Pick<UpdateOptions, 'enabled' | 'grant'> & { catalog: ScopeCatalog; nowMs: number },
): Decision<UpdateRefusal | InvalidInput> {
  if (current.revokedAt !== null) return refuse({ ok: false, reason: 'revoked' })
  const changed = { ...current, ...fields }
  const hasFields = Object.keys(fields).length > 0
  const isOnlyLess = enabled === false && !hasFields
  const beyond =
    (isOnlyLess ? checkReach(grant, changed) : checkGrant(catalog, grant, changed)) ??
    checkProof(grant, current)
  if (beyond !== null) return refuse(beyond)
  if (enabled === true && keyState(changed, nowMs) === 'expired') {
    return refuse({ ok: false, reason: 'expired' })
  }
  if (isNeverGood(changed)) return refuse(NEVER_GOOD)
  const fault = concernsPlaces(fields) ? publishableFault(changed, catalog) : null
  if (fault !== null) return refuse(fault)
  let { disabledAt } = current
  if (enabled === true) disabledAt = null
  if (enabled === false) disabledAt ??= new Date(nowMs)
  const isUnchanged = !hasFields && disabledAt === current.disabledAt
  return { ok: true, changes: isUnchanged ? null : { ...fields, disabledAt } }
}

function refuse<Refusal>(refusal: Refusal): Decision<Refusal> {
  return { ok: false, refusal }
}
