import type { KeyCache } from './cache.ts'
import type { InvalidInput } from './checked.ts'
import { beyondOwner, checkGrant, checkReach, withinGrant, type GrantRefusal, type Grant } from './grant.ts'
import { assertIdentity } from './identity.ts'
import { checkBulk, decideBulk, type BulkOptions, type BulkRefusal, type BulkResult } from './key-bulk.ts'
import type { Author } from './author.ts'
import type { ApiKey } from './key.ts'
import type { AwaitReceipt, RevocationReceipt } from './receipts.ts'
import {
  checkRevocation,
  decideRestore,
  decideRevocation,
  type AlreadyRevoked,
  type RevocationOptions,
  type Unrestorable,
} from './revocation.ts'
import { underCondition, type Condition, type Stale } from './revision.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Decision, KeyStore, OwnerStore } from './store.ts'

/** Why a key is revoked, and under which condition. */
export interface RevokeOptions extends RevocationOptions, Condition {
  /** How far whoever revokes it reaches. */
  grant?: Grant | undefined
}

/** Under which condition a key is restored. */
export interface RestoreOptions extends Condition {
  /** How far the key may reach. */
  grant?: Grant | undefined
}

/**
 * The outcome of {@link Lifecycle.revoke}, with how far it had come within a second. When the key was revoked before, and
 * only its reason is new, no node has to hear of it.
 */
export type RevokeResult =
  | { ok: true; apiKey: ApiKey; receipt: RevocationReceipt }
  | InvalidInput
  | AlreadyRevoked
  | GrantRefusal
  | Stale
  | { ok: false; reason: 'not_found' }

/** The outcome of {@link Lifecycle.restore}. */
export type RestoreResult =
  { ok: true; apiKey: ApiKey } | Unrestorable | GrantRefusal | Stale | { ok: false; reason: 'not_found' }

/** How keys end, and come back. */
export interface Lifecycle {
  /**
   * Revokes a key. The record stays for as long as `revokedKeyRetentionDays` says, so that what the key did can still
   * be told. Resolves when every node has dropped the key, or after a second. A key that is revoked is `revoked`, unless
   * the reason is that its secret leaked, and that was not known.
   */
  revoke(owner: string, actor: Author, id: string, options?: RevokeOptions): Promise<RevokeResult>
  /**
   * Takes a revocation back, within `restoreWindowSeconds` of it: the key is again what it was before, disabled if it
   * was that. Never when its secret leaked, nor when the owner has no room for another key.
   */
  restore(owner: string, actor: Author, id: string, options?: RestoreOptions): Promise<RestoreResult>
  /**
   * Does one thing to up to 100 keys, in one transaction with one receipt. What cannot be done to one of them is told of that
   * one and keeps nothing from the others.
   */
  changeMany(owner: string, actor: Author, ids: readonly string[], options: BulkOptions): Promise<BulkResult>
}

/** What {@link createLifecycle} needs from outside. */
export interface LifecycleOptions {
  store: Pick<KeyStore, 'changeMany'>
  cache: Pick<KeyCache, 'invalidate'>
  awaitReceipt: AwaitReceipt
  catalog: ScopeCatalog
  owners: Pick<OwnerStore, 'find'>
  maxKeysPerOwner: number
  restoreWindowSeconds: number
  now: () => number
}

/** When a key is decided about, and for how many more the owner has room. */
interface Moment {
  now: Date
  room: number
}

/** Makes the part of a namespace's key management that ends keys and brings them back. */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { store, cache, awaitReceipt, catalog, owners, maxKeysPerOwner, restoreWindowSeconds, now } = options

  /** Changes keys, and forgets here what was known of them. */
  async function change<Refusal extends { ok: false }>(
    {
      owner,
      actor,
      ids,
      maxKeys,
    }: { owner: string; actor: Author; ids: readonly string[]; maxKeys?: number },
    decide: (current: ApiKey, moment: Moment) => Decision<Refusal>,
  ) {
    const by = { actor, now: new Date(now()) }
    const { results, unconfirmed } = await store.changeMany(owner, ids, by, { maxKeys }, (current, room) =>
      decide(current, { now: by.now, room }),
    )
    const told = results.map((result) => {
      if (result.outcome === 'not_found') return { ok: false, reason: 'not_found' } as const
      if (result.outcome === 'refused') return result.refusal
      for (const hash of result.hashes) cache.invalidate(hash)
      return { ok: true, apiKey: result.apiKey } as const
    })
    return { results: told, unconfirmed }
  }

  /** Nothing comes back that may do more than its owner, or whoever restores it, by now. */
  async function restoring(owner: string, grant: Grant | undefined) {
    const { scopes } = await owners.find(owner)
    return (current: ApiKey, moment: Moment) => {
      const beyond = beyondOwner(catalog, scopes, current.scopes) ?? checkGrant(catalog, grant, current)
      return withinGrant(beyond, decideRestore(current, moment))
    }
  }

  return {
    async revoke(owner, actor, id, given = {}) {
      assertIdentity(owner, actor)
      const checked = checkRevocation(given)
      if (!checked.ok) return checked
      const { results, unconfirmed } = await change<AlreadyRevoked | GrantRefusal | Stale>(
        { owner, actor, ids: [id] },
        (current, moment) => {
          const decision = decideRevocation(current, checked.value, { ...moment, restoreWindowSeconds })
          return underCondition(given, current, withinGrant(checkReach(given.grant, current), decision))
        },
      )
      const result = results[0]!
      return result.ok ? { ...result, receipt: await awaitReceipt(unconfirmed) } : result
    },

    async restore(owner, actor, id, given = {}) {
      assertIdentity(owner, actor)
      const decide = await restoring(owner, given.grant)
      const { results } = await change<Unrestorable | GrantRefusal | Stale>(
        { owner, actor, ids: [id], maxKeys: maxKeysPerOwner },
        (current, moment) => underCondition(given, current, decide(current, moment)),
      )
      return results[0]!
    },

    async changeMany(owner, actor, ids, given) {
      assertIdentity(owner, actor)
      const checked = checkBulk(ids, given)
      if (!checked.ok) return checked
      const { grant } = given
      const restore = checked.value.action === 'restore' ? await restoring(owner, grant) : null
      const distinct = [...new Set(ids)]
      const { results, unconfirmed } = await change<BulkRefusal>(
        { owner, actor, ids: distinct, ...(restore && { maxKeys: maxKeysPerOwner }) },
        (current, moment) =>
          restore?.(current, moment) ??
          decideBulk(current, checked.value, { catalog, grant, now: moment.now, restoreWindowSeconds }),
      )
      const byId = new Map(distinct.map((id, place) => [id, results[place]!]))
      const receipt = unconfirmed && (await awaitReceipt(unconfirmed))
      return { ok: true, results: ids.map((id) => byId.get(id)!), receipt }
    },
  }
}
