import { setTimeout } from 'node:timers/promises'
import type { KeyUnderPepper, PepperCount, PepperStore } from './pepper-store.ts'
import type { Peppers } from './peppers.ts'
import { MAX_MOVES, PAUSE_MS } from './redigest.ts'

/** Which secrets are stored under which pepper, now. */
export interface PepperStatus {
  current: string | null
  /** For each pepper of the option, the oldest first, and before them for none. */
  counts: PepperCount[]
}

/** What operators of peppers call. */
export interface PepperUpkeep {
  /** Counts what is under which pepper. A pepper under which there is nothing can be taken out. It reads every key, once. */
  status(): Promise<PepperStatus>
  /**
   * The keys that `status` counts under a pepper, or under none (null): a page in the order of their ids, by default of
   * 100, from behind the key `after` on.
   */
  list(
    pepper: string | null,
    page?: { limit?: number | undefined; after?: string | null | undefined },
  ): Promise<KeyUnderPepper[]>
  /**
   * Puts under the current pepper what is under none, without knowing a secret, and so also of keys that nobody uses; up
   * to 4,000 secrets a second. It may be run again, after whatever trouble, and by several at once. Only keys that were
   * imported with a slow hash stay as they are until they are used.
   *
   * @returns how many secrets are under the current pepper now that were not.
   * @throws Error when there is no current pepper.
   */
  apply(options?: { onProgress?: ((applied: number) => void) | undefined }): Promise<{ applied: number }>
}

const DEFAULT_PAGE = 100
/** For keys that somebody was changing just then. */
const MAX_ATTEMPTS = 20

/** Makes what operators call. */
export function createPepperUpkeep({
  peppers,
  store,
  now,
}: {
  peppers: Peppers
  store: PepperStore
  now: () => number
}): PepperUpkeep {
  return {
    async status() {
      const counts: PepperCount[] = []
      for (const name of [null, ...peppers.names]) counts.push(await store.count(name, new Date(now())))
      return { current: peppers.current, counts }
    },

    list(pepper, { limit = DEFAULT_PAGE, after = null } = {}) {
      return store.list(pepper, new Date(now()), { limit, after })
    },

    async apply({ onProgress } = {}) {
      const { current } = peppers
      if (current === null) throw new Error('peppers.current must name a pepper before it can be applied.')
      let applied = 0
      let attempts = 0
      for (let after: string | null = null; ;) {
        const { last, hashes } = await store.unpeppered(after)
        if (last === null) return { applied }
        for (let at = 0; at < hashes.length; at += MAX_MOVES) {
          const moves = hashes
            .slice(at, at + MAX_MOVES)
            .map((hash) => ({ from: hash, to: peppers.toStore(hash).hash }))
          applied += await store.redigest(moves, current)
          await setTimeout(PAUSE_MS)
        }
        if (hashes.length > 0) onProgress?.(applied)
        attempts = hashes.length > 0 ? attempts + 1 : 0
        if (attempts === 0 || attempts === MAX_ATTEMPTS) {
          after = last
          attempts = 0
        }
      }
    },
  }
}
