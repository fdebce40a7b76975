import type { Attempts } from './attempts.ts'
import type { Origin } from './author.ts'
import type { KeyCache } from './cache.ts'
import type { Caller } from './caller.ts'
import type { InvalidInput } from './checked.ts'
import { isRetiring } from './key-rotation.ts'
import type { ApiKey } from './key.ts'
import type { Peppers } from './peppers.ts'
import type { AwaitReceipt, RevocationReceipt } from './receipts.ts'
import { checkRevocation, decideRevocation, type RevocationOptions } from './revocation.ts'
import { hashSecret } from './secret.ts'
import type { KeyStore } from './store.ts'
import { MALFORMED, refusalByState, UNKNOWN, type Refused, type VerifiedKey } from './verdict.ts'
import type { WaysOf } from './verify.ts'

/** Somebody showed the secret of a key. */
export interface Held {
  ok: true
  key: VerifiedKey
  /** It is the secret before the present one, which still works. */
  isRetiring: boolean
  /** By which the secret may be stored. @internal */
  hashes: readonly string[]
}

/**
 * The outcome of {@link Holders.revoke}. `ended` tells what does not work any more: the whole key, or of a key that was
 * rotated only the secret before its present one.
 */
export type SelfRevokeResult =
  | { ok: true; apiKey: ApiKey; ended: 'key' | 'secret'; receipt: RevocationReceipt }
  | InvalidInput
  | { ok: false; reason: 'revoked' | 'retired' }

/** What whoever holds a secret may do with it beside using it: end it, without asking its owner. */
export interface Holders {
  /**
   * Recognises the key of a secret, without using it: no limit stands in the way, and nothing is counted but wrong secrets.
   * A disabled key, one of a suspended owner, or one that begins later, is recognised; one that is over, or publishable, is not.
   *
   * Rejects with StoreUnavailable when the database does not do its part.
   */
  recognise(secret: string, caller?: Caller): Promise<Held | Refused>
  /**
   * Revokes the key, because its secret leaked unless another reason is given; the key itself is recorded as the one who
   * did it. With the secret before its present one, only that secret ends: who holds it may be whom the key was
   * rotated for, and must not end what took its place.
   */
  revoke(held: Held, options?: RevocationOptions & { from?: Origin | undefined }): Promise<SelfRevokeResult>
}

/** What {@link createHolders} needs from outside. */
export interface HoldersOptions {
  waysOf: WaysOf
  peppers: Peppers
  attempts: Attempts
  store: Pick<KeyStore, 'changeMany' | 'retire'>
  cache: Pick<KeyCache, 'invalidate'>
  awaitReceipt: AwaitReceipt
  restoreWindowSeconds: number
  now: () => number
}

/** Makes what holders may do with the keys of one namespace. */
export function createHolders(options: HoldersOptions): Holders {
  const { waysOf, peppers, attempts, store, cache, awaitReceipt, restoreWindowSeconds, now } = options

  function refuseSecret(verdict: Refused, caller: Caller | undefined): Refused {
    const retryAfterMs = caller === undefined ? 0 : attempts.fail(caller, now())
    return retryAfterMs === 0 ? verdict : { ok: false, reason: 'too_many_attempts', key: null, retryAfterMs }
  }

  return {
    async recognise(secret, caller) {
      const ways = waysOf(secret)
      if (ways === null) return refuseSecret(MALFORMED, caller)
      const isSuspect = caller !== undefined && attempts.isSuspect(caller, now())
      // Read anew: what is in memory may be a second old.
      const found = await (isSuspect ? ways.loadForSuspects : ways.load)(peppers.hashOf(secret))
      if (found === null) return refuseSecret(UNKNOWN, caller)
      const { bounds, accepted } = found
      const reason = bounds && refusalByState(bounds, now())
      if (reason === null || reason === 'suspended' || reason === 'disabled' || reason === 'pending') {
        // Everybody can read it in a page, so to show it proves nothing.
        if (bounds?.places?.isPublishable) {
          return { ok: false, reason: 'secret_key_required', key: accepted.key }
        }
        const hashes = peppers.possible(hashSecret(secret)).map(({ hash }) => hash)
        return { ok: true, key: accepted.key, isRetiring: bounds?.retiresAtMs != null, hashes }
      }
      return { ok: false, reason, key: accepted.key }
    },

    async revoke({ key: { owner, id, name }, isRetiring: isOld, hashes }, given = {}) {
      const checked = checkRevocation(given, 'keyCompromise')
      if (!checked.ok) return checked
      const { value: said } = checked
      const by = { actor: { id, name, type: 'key' as const, from: given.from }, now: new Date(now()) }
      const result = isOld ? await endSecret() : await revokeKey()
      if (result.outcome === 'refused') return result.refusal
      // It was given another secret meanwhile, or is gone.
      if (result.outcome === 'not_found') return { ok: false, reason: 'retired' }
      for (const one of result.hashes) cache.invalidate(one)
      const receipt = await awaitReceipt(result.unconfirmed)
      return { ok: true, apiKey: result.apiKey, ended: isOld ? 'secret' : 'key', receipt }

      function endSecret() {
        return store.retire<{ ok: false; reason: 'revoked' | 'retired' }>(owner, id, by, (current) => {
          if (current.revokedAt !== null) return { ok: false, refusal: { ok: false, reason: 'revoked' } }
          if (isRetiring(current, by.now.getTime())) return { ok: true, endsAt: by.now }
          return { ok: false, refusal: { ok: false, reason: 'retired' } }
        })
      }

      async function revokeKey() {
        const { results, unconfirmed } = await store.changeMany(owner, [id], by, { hashes }, (current) =>
          decideRevocation(current, said, { now: by.now, restoreWindowSeconds }),
        )
        return { ...results[0]!, unconfirmed }
      }
    },
  }
}
