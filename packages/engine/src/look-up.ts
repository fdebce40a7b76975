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
  /** Look-ups in one read. By default 100. */
  maxHashesPerRead?: number
  /** Milliseconds from the end of a read until the next may take its place. By default 0. */
  pauseMs?: number
}

const MAX_HASHES_PER_READ = 100

interface Waiting<T> {
  hashes: readonly string[]
  resolve: (found: T | null) => void
  reject: (error: unknown) => void
}

/**
 * Makes the way to the store for hashes that no cache knows. Those that are asked for in the same turn of the event
 * loop are read together, and so are those that wait because enough reads are under way: one statement for a
 * hundred costs the database, the driver and the network little more than one for a single hash.
 */
export function createLookUp<T>({
  one,
  many,
  maxReads,
  maxWaiting,
  maxHashesPerRead = MAX_HASHES_PER_READ,
  pauseMs = 0,
}: LookUpOptions<T>) {
  let reads = 0
  let waiting: Waiting<T>[] = []
  let isScheduled = false

  async function read(batch: readonly Waiting<T>[]): Promise<void> {
    reads++
    try {
      const sought = batch.flatMap(({ hashes }) => hashes)
      if (sought.length === 1) {
        batch[0]!.resolve(await one(sought[0]!))
      } else {
        const found = await many(sought)
        for (const { hashes, resolve } of batch) {
          const hash = hashes.find((one) => found.has(one))
          resolve(hash === undefined ? null : found.get(hash)!)
        }
      }
    } catch (error) {
      // Whoever waits has waited as long as the read that failed may take; another could take as long again.
      for (const { reject } of [...batch, ...waiting]) reject(error)
      waiting = []
    } finally {
      if (pauseMs === 0) leave()
      else setTimeout(leave, pauseMs)
    }
  }

  function leave(): void {
    reads--
    schedule()
  }

  /** After everything that this turn of the event loop still brings. */
  function schedule(): void {
    if (isScheduled || waiting.length === 0 || reads >= maxReads) return
    isScheduled = true
    setImmediate(readWaiting)
  }

  function readWaiting(): void {
    isScheduled = false
    while (waiting.length > 0 && reads < maxReads) {
      const batch = waiting.slice(0, maxHashesPerRead)
      waiting = waiting.slice(maxHashesPerRead)
      void read(batch)
    }
  }

  /** @param sought a hash, or several of which there should be one: they are all read in the same statement. */
  return function lookUp(sought: string | readonly string[]): Promise<T | null> {
    if (waiting.length >= maxWaiting) {
      return Promise.reject(new StoreUnavailable('Too many keys are being looked up at once.'))
    }
    return new Promise((resolve, reject) => {
      waiting.push({ hashes: typeof sought === 'string' ? [sought] : sought, resolve, reject })
      schedule()
    })
  }
}
