import { MAX_LIFETIME_MS } from './cache.ts'
import { QuotaLease, type Block, type KeyQuota, type QuotaStore } from './quota-lease.ts'

/** How often it is looked for blocks that nobody spends. */
const GIVE_BACK_INTERVAL_MS = 1_000
const MAX_BATCH = 250
/** An entry of the cache may still hold a quota that nobody asked for since. */
const FORGET_AFTER_MS = 1.5 * MAX_LIFETIME_MS

/** What {@link createQuotaLeases} needs from outside. */
export interface QuotaLeasesOptions {
  store: QuotaStore
  now: () => number
  onError: (error: Error) => void
}

/** The credits that this process has taken from the quotas of keys, apart from the cache, whose entries come and go. */
export interface QuotaLeases {
  /** The quota of a key that was just read; null when it has none. */
  quotaOf(id: string, allotment: string | null): KeyQuota | null
  /** Forgets quotas of keys that are in no cache any more. */
  sweep(): void
  /** Gives every block back. */
  close(): Promise<void>
}

/**
 * Makes the quotas of one process. Blocks that nobody spends are given back within seconds, many in one statement; but
 * they are kept while the database is away, since then there are no others.
 */
export function createQuotaLeases({ store, now, onError }: QuotaLeasesOptions): QuotaLeases {
  const leases = new Map<string, QuotaLease>()
  /** Those that have a block, and perhaps some that had. */
  const holding = new Set<QuotaLease>()
  let returned: Block[] = []
  let work: Promise<void> | null = null

  const leaseOptions = {
    store,
    now,
    clock: () => performance.now(),
    onReturn: (block: Block) => void returned.push(block),
    onHold: (lease: QuotaLease) => void holding.add(lease),
  }

  async function giveBackIdle(): Promise<void> {
    const idle: QuotaLease[] = []
    for (const lease of holding) {
      if (lease.left === 0) holding.delete(lease)
      else if (lease.isIdle) idle.push(lease)
    }
    if (idle.length === 0 && returned.length === 0) return
    const isThere = await store.ping().then(
      () => true,
      () => false,
    )
    if (!isThere) return
    for (const lease of idle) if (lease.isIdle) lease.empty()
    await giveBackReturned()
  }

  /** A block whose fate is unknown is not given back a second time. */
  async function giveBackReturned(): Promise<void> {
    while (returned.length > 0) {
      const batch = returned.slice(0, MAX_BATCH)
      returned = returned.slice(MAX_BATCH)
      await store.giveBack(batch)
    }
  }

  const timer = setInterval(() => {
    work ??= giveBackIdle()
      .catch(onError)
      .finally(() => (work = null))
  }, GIVE_BACK_INTERVAL_MS).unref()

  return {
    quotaOf(id, allotment) {
      if (allotment === null) return null
      let lease = leases.get(id)
      if (lease === undefined) {
        lease = new QuotaLease(id, leaseOptions)
        leases.set(id, lease)
      }
      lease.renew(allotment)
      return lease
    },
    sweep() {
      for (const [id, lease] of leases) if (lease.isForgotten(FORGET_AFTER_MS)) leases.delete(id)
    },
    async close() {
      clearInterval(timer)
      await Promise.all([work, ...[...leases.values()].map((lease) => lease.settled())])
      for (const lease of holding) lease.empty()
      await giveBackReturned().catch(onError)
    },
  }
}
