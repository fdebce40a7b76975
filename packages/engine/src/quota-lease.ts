import { periodAt, type Period, type QuotaDefinition } from './quota.ts'
import { StoreUnavailable } from './store-unavailable.ts'

/** Credits of one key that a node has taken, and may spend without asking. */
export interface Block {
  readonly id: string
  /** Of which filling they are. */
  readonly allotment: string
  readonly credits: number
}

/** What a node asks for. */
export interface LeaseRequest {
  readonly id: string
  /** Fewer are of no use. */
  readonly needed: number
  /** More are not wanted. */
  readonly wanted: number
  /** The period that has the present moment, as far as the node knows: of which definition, and when. */
  readonly period: (Period & { readonly definition: QuotaDefinition }) | null
}

/** What it is told. */
export interface LeaseAnswer {
  readonly definition: QuotaDefinition
  readonly allotment: string
  /** 0 when fewer are left than are needed. */
  readonly granted: number
  /** What is left for whoever asks next. */
  readonly rest: number
  /** The period is over, and what the node knew was no good for a refill: nothing was granted. */
  readonly isOver: boolean
  /** By the one clock that decides when a period ends. */
  readonly nowMs: number
  /** Null for never. */
  readonly endsAtMs: number | null
}

/**
 * Where credits are taken from. Each method rejects with StoreUnavailable, and nothing else, when the database does not
 * do its part in time. What was rejected so may still have happened: then a block is lost, never spent twice.
 */
export interface QuotaStore {
  /** Takes a block, after filling the quota up if its period is over. Null when the key has no quota. */
  lease(request: LeaseRequest): Promise<LeaseAnswer | null>
  /** Puts blocks back. One whose allotment is over is void. */
  giveBack(blocks: readonly Block[]): Promise<void>
  ping(): Promise<void>
}

/** The quota of one key, as verdicts see it. */
export interface KeyQuota {
  /** Takes the credits or none; at once when it is known whether there are as many, else as a promise. */
  take(cost: number, nowMs: number): boolean | Promise<boolean>
  /** Milliseconds until the quota is filled up; null when that does not help a request of this cost. */
  retryAfterMs(cost: number): number | null
}

/** What a {@link QuotaLease} needs from outside. */
export interface QuotaLeaseOptions {
  store: QuotaStore
  /** Takes a block that shall be given back. */
  onReturn: (block: Block) => void
  /** Told when there is a block in memory. */
  onHold: (lease: QuotaLease) => void
  /** Milliseconds since 1970. */
  now: () => number
  /** Milliseconds of a clock that nobody sets. */
  clock: () => number
}

/** More are not taken at once, unless a single request costs more. */
const MAX_BLOCK = 4_096
/** For so long a block should last; but none is more than twice as big as the one before. */
const BLOCK_LASTS_MS = 1_000
/** For so long it is believed that too few are left, before the store is asked again. */
const REST_TRUSTED_MS = 500
/** A block that is not spent by then is given back. */
const HOLD_MS = 4_000
/** The first answer says what the quota is and what time it is; with that the next one can begin its period. */
const MAX_TRIES = 4

interface Waiting {
  cost: number
  resolve: (isPaid: boolean) => void
  reject: (error: unknown) => void
}

/**
 * The credits of one key that this process may spend. They are taken from the store in blocks and spent in memory; the
 * next block is asked for before the last one is empty, and once for everyone who waits. A block is worth nothing once
 * the period is over in which it was taken.
 */
export class QuotaLease implements KeyQuota {
  readonly id: string
  readonly #options: QuotaLeaseOptions
  #left = 0
  #allotment = ''
  /** The block may be spent until then by both clocks: one can be set, the other stands still while a machine sleeps. */
  #endsAt = Infinity
  #endsMs = Infinity
  /** How many were granted last, and when. */
  #granted = 1
  #grantedAt = -Infinity
  /** With so many left, the next block is asked for. */
  #prefetchAt = -1
  /** What the store had left, and until when that is believed. */
  #rest = 0
  #restUntil = -Infinity
  #definition: QuotaDefinition | null = null
  /** The store's clock minus ours. */
  #clockOffset = 0
  /** When the quota is filled up, by our clock. */
  #refillsAt: number | null = null
  /** Counts how often the key was read, and when that was last. */
  #readings = 0
  #readAt = -Infinity
  #waiting: Waiting[] = []
  #isLeasing = false
  #leasing = Promise.resolve()

  constructor(id: string, options: QuotaLeaseOptions) {
    this.id = id
    this.#options = options
  }

  /** Credits in memory. */
  get left(): number {
    return this.#left
  }

  /** Whether the block should be given back. */
  get isIdle(): boolean {
    return this.#left > 0 && this.#options.clock() - this.#grantedAt >= HOLD_MS
  }

  take(cost: number, nowMs: number): boolean | Promise<boolean> {
    if (cost === 0) return true
    const at = this.#options.clock()
    if (at < this.#endsAt && nowMs < this.#endsMs) {
      if (cost <= this.#left) {
        this.#left -= cost
        if (this.#left <= this.#prefetchAt) this.#lease()
        return true
      }
      if (at < this.#restUntil && this.#lacks(cost)) return false
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cost, resolve, reject })
      this.#lease()
    })
  }

  retryAfterMs(cost: number): number | null {
    if (this.#refillsAt === null || this.#definition === null || cost > this.#definition.limit) return null
    return Math.max(0, this.#refillsAt - this.#options.clock())
  }

  /** The key was read anew: its quota may be another one by now, or have more credits. */
  renew(allotment: string): void {
    this.#readings++
    this.#readAt = this.#options.clock()
    this.#restUntil = -Infinity
    if (allotment !== this.#allotment) this.empty()
  }

  /** Whether nobody can be using it who had it from a key that was read within this time. */
  isForgotten(lifetimeMs: number): boolean {
    return this.#left === 0 && !this.#isLeasing && this.#options.clock() - this.#readAt > lifetimeMs
  }

  /** Gives the block back. If it is of no use any more, that is for the store to say. */
  empty(): void {
    if (this.#left === 0) return
    this.#options.onReturn({ id: this.id, allotment: this.#allotment, credits: this.#left })
    this.#left = 0
    this.#granted = 1
    this.#prefetchAt = -1
  }

  /** Resolves when nothing is being asked of the store. */
  settled(): Promise<void> {
    return this.#leasing
  }

  #lacks(cost: number): boolean {
    return cost > this.#left + this.#rest
  }

  #lease(): void {
    this.#prefetchAt = -1
    if (this.#isLeasing) return
    this.#isLeasing = true
    this.#leasing = this.#leaseForAll()
  }

  /** Never rejects; whoever waits is told. */
  async #leaseForAll(): Promise<void> {
    try {
      do {
        if (await this.#leaseBlock()) this.#serve()
      } while (this.#waiting.length > 0)
    } catch (error) {
      // Perhaps a block was lost, so the next is a small one.
      this.#granted = 1
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    } finally {
      this.#isLeasing = false
    }
  }

  /** @returns whether those who wait can be told something. */
  async #leaseBlock(): Promise<boolean> {
    const { store, clock, now, onReturn } = this.#options
    const readings = this.#readings
    if (clock() >= this.#endsAt || now() >= this.#endsMs) this.empty()
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const sent = { at: clock(), ms: now() }
      const needed = this.#needed()
      const answer = await store.lease({
        id: this.id,
        needed,
        wanted: this.#wanted(),
        period: this.#period(),
      })
      if (answer === null) {
        // The quota was removed.
        for (const { resolve } of this.#waiting.splice(0)) resolve(true)
        return false
      }
      this.#definition = answer.definition
      this.#clockOffset = answer.nowMs - sent.at
      if (answer.isOver) continue
      if (readings !== this.#readings) {
        // Who began to wait since may know of a change that this answer does not.
        if (answer.granted > 0) onReturn({ ...answer, id: this.id, credits: answer.granted })
        return false
      }
      this.#add(answer, sent)
      this.#prefetchAt = answer.granted > needed ? Math.floor(answer.granted / 2) : -1
      return clock() < this.#endsAt
    }
    throw new StoreUnavailable('The period of a quota could not be begun.')
  }

  #add({ allotment, granted, rest, nowMs, endsAtMs }: LeaseAnswer, sent: { at: number; ms: number }): void {
    const { clock, onHold } = this.#options
    // What is left of another allotment is void.
    if (allotment !== this.#allotment) this.#left = 0
    this.#allotment = allotment
    // A block ends too early rather than too late, and nobody is told to come too early.
    const lastsMs = endsAtMs === null ? Infinity : endsAtMs - nowMs
    this.#endsAt = sent.at + lastsMs
    this.#endsMs = sent.ms + lastsMs
    this.#refillsAt = endsAtMs === null ? null : clock() + lastsMs
    this.#rest = rest
    this.#restUntil = clock() + REST_TRUSTED_MS
    if (granted === 0) return
    this.#left += granted
    this.#granted = granted
    this.#grantedAt = clock()
    onHold(this)
  }

  #needed(): number {
    const first = this.#waiting[0]
    return first === undefined ? 1 : Math.max(1, first.cost - this.#left)
  }

  /** As much as those who wait want, or was spent in a second of late. */
  #wanted(): number {
    const lastedMs = this.#options.clock() - this.#grantedAt
    const factor = Math.min(BLOCK_LASTS_MS / lastedMs, 2)
    const asked = this.#waiting.reduce((sum, { cost }) => sum + cost, 0) - this.#left
    return Math.min(Math.max(Math.ceil(this.#granted * factor), asked), MAX_BLOCK)
  }

  #period(): LeaseRequest['period'] {
    const definition = this.#definition
    if (definition === null) return null
    const period = periodAt(definition, this.#options.clock() + this.#clockOffset)
    return period && { ...period, definition }
  }

  #serve(): void {
    const stillWaiting: Waiting[] = []
    for (const waiting of this.#waiting) {
      const { cost, resolve } = waiting
      if (cost <= this.#left) {
        this.#left -= cost
        resolve(true)
      } else if (this.#lacks(cost)) resolve(false)
      else stillWaiting.push(waiting)
    }
    this.#waiting = stillWaiting
  }
}
