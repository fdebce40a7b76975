import { StoreUnavailable } from './store-unavailable.ts'

/** What {@link createLookUp} needs from outside. */
export interface LookUpOptions<T> {
  one: (hash: string) => Promise<T | null>
  /** Those of the hashes that were found. */
  many: (hashes: readonly string[]) => Promise<ReadonlyMap<string, T>>
  /** Reads under way at once. */
  maxReads: number
  /** Hashes that may wait for a read. Beyond it the store is drowning, and an answer now beats a longer queue. */
  maxWaiting: number
}

const MAX_HASHES_PER_READ = 100

interface Waiting<T> {
  hash: string
  resolve: (found: T | null) => void
  reject: (error: unknown) => void
}

/**
 * Makes the way to the store for hashes that no cache knows. While few are asked for, each is read at once by
 * itself, which is quickest. When more come than are answered, those that wait are read together: one statement
 * for a hundred costs the database little more than for one.
 */
export function createLookUp<T>({ one, many, maxReads, maxWaiting }: LookUpOptions<T>) {
  let reads = 0
  let waiting: Waiting<T>[] = []

  async function readOne(hash: string): Promise<T | null> {
    reads++
    try {
      return await one(hash)
    } catch (error) {
      failWaiting(error)
      throw error
    } finally {
      reads--
      readWaiting()
    }
  }

  async function readMany(batch: Waiting<T>[]): Promise<void> {
    reads++
    try {
      const found = await many(batch.map(({ hash }) => hash))
      for (const { hash, resolve } of batch) resolve(found.get(hash) ?? null)
    } catch (error) {
      for (const { reject } of batch) reject(error)
      failWaiting(error)
    } finally {
      reads--
      readWaiting()
    }
  }

  /** Whoever waits has waited as long as the read that failed may take; another could take as long again. */
  function failWaiting(error: unknown): void {
    const failed = waiting
    waiting = []
    for (const { reject } of failed) reject(error)
  }

  function readWaiting(): void {
    if (waiting.length === 0 || reads >= maxReads) return
    const batch = waiting.slice(0, MAX_HASHES_PER_READ)
    waiting = waiting.slice(MAX_HASHES_PER_READ)
    void readMany(batch)
  }

  return function lookUp(hash: string): Promise<T | null> {
    if (reads < maxReads) return readOne(hash)
    if (waiting.length >= maxWaiting) {
      return Promise.reject(new StoreUnavailable('Too many keys are being looked up at once.'))
    }
    return new Promise((resolve, reject) => waiting.push({ hash, resolve, reject }))
  }
}
