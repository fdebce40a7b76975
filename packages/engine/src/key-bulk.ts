import { invalid, type Checked, type InvalidInput } from './checked.ts'
import { checkReach, withinGrant, type Grant } from './grant.ts'
import { decideUpdate, type UpdateRefusal } from './key-update.ts'
import type { ApiKey } from './key.ts'
import type { RevocationReceipt } from './receipts.ts'
import {
  checkRevocation,
  decideRevocation,
  type AlreadyRevoked,
  type CheckedRevocation,
  type RevocationOptions,
  type Unrestorable,
} from './revocation.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Decision } from './store.ts'

/** What can be done to several keys at once. */
export const BULK_ACTIONS = ['disable', 'enable', 'revoke', 'restore'] as const

/** One of {@link BULK_ACTIONS}. */
export type BulkAction = (typeof BULK_ACTIONS)[number]

export const MAX_BULK_KEYS = 100

/** What to do to several keys; the reason and the note are for `revoke` alone. */
export interface BulkOptions extends RevocationOptions {
  action: BulkAction
  /** How far each of the keys may reach. */
  grant?: Grant | undefined
}

/** What became of one key. */
export type BulkItemResult = { ok: true; apiKey: ApiKey } | { ok: false; reason: 'not_found' } | BulkRefusal

/** Why one key is not changed. */
export type BulkRefusal = AlreadyRevoked | Unrestorable | UpdateRefusal | InvalidInput

/**
 * The outcome of `keys.changeMany`: a result for each id, in their order; an id that is there twice has two that are the
 * same. The receipt is of all of them, and null when none stopped being good.
 */
export type BulkResult =
  { ok: true; results: readonly BulkItemResult[]; receipt: RevocationReceipt | null } | InvalidInput

/** The same, checked. */
type CheckedBulk = CheckedRevocation & { action: BulkAction }

/** Checks what was asked of all keys. An id that is none is a key that there is not. */
export function checkBulk(
  ids: readonly string[],
  { action, reason, note }: BulkOptions,
): Checked<CheckedBulk> {
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) {
    return invalid('ids', 'must be a list of ids')
  }
  if (ids.length < 1 || ids.length > MAX_BULK_KEYS) return invalid('ids', `must be 1 to ${MAX_BULK_KEYS}`)
  if (!BULK_ACTIONS.includes(action)) return invalid('action', `must be one of: ${BULK_ACTIONS.join(', ')}`)
  if (action !== 'revoke') {
    const field = reason !== undefined ? 'reason' : note != null ? 'note' : null
    if (field !== null) return invalid(field, 'goes with the action revoke alone')
  }
  const checked = checkRevocation({ reason, note })
  return checked.ok ? { ok: true, value: { ...checked.value, action } } : checked
}

/** What is known when one of the keys is decided about. */
export interface BulkMoment {
  catalog: ScopeCatalog
  grant: Grant | undefined
  now: Date
  restoreWindowSeconds: number
}

/** Decides what becomes of one key that is not to be restored, as a change of this key alone would. */
export function decideBulk(
  current: ApiKey,
  { action, reason, note }: CheckedBulk,
  { catalog, grant, now, restoreWindowSeconds }: BulkMoment,
): Decision<BulkRefusal> {
  if (action === 'revoke') {
    const decision = decideRevocation(current, { reason, note }, { now, restoreWindowSeconds })
    return withinGrant(checkReach(grant, current), decision)
  }
  const nowMs = now.getTime()
  return decideUpdate(current, {}, { catalog, enabled: action === 'enable', grant, nowMs })
}
