import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { QuotaLease, type Block, type LeaseRequest, type QuotaStore } from '../src/quota-lease.ts'
import { periodAt, type QuotaDefinition } from '../src/quota.ts'
import { StoreUnavailable } from '../src/store-unavailable.ts'

const DAY_MS = 86_400_000
const daily = (limit: number): QuotaDefinition => ({ limit, period: 'day', timeZone: 'UTC', anchorDay: null })

/** What Postgres does with one quota, by the simplest means, and what it was worth in each period. */
class MemoryStore implements QuotaStore {
  definition: QuotaDefinition
  remaining: number
  endsAtMs: number | null
  allotment = 'allotment 1'
  isAway = false
  leases: LeaseRequest[] = []
  readonly now: () => number

  constructor(definition: QuotaDefinition, now: () => number) {
    this.definition = definition
    this.remaining = definition.limit
    this.now = now
    this.endsAtMs = periodAt(definition, now())?.endMs ?? null
  }

  async lease(request: LeaseRequest) {
    this.leases.push(request)
    if (this.isAway) throw new StoreUnavailable('It is away.')
    const { needed, wanted, period } = request
    const nowMs = this.now()
    let isOver = this.endsAtMs !== null && this.endsAtMs <= nowMs
    if (isOver && period !== null && period.startMs <= nowMs && nowMs < period.endMs) {
      this.allot(this.definition.limit)
      this.endsAtMs = period.endMs
      isOver = false
    }
    const available = isOver ? 0 : this.remaining
    const granted = available >= needed ? Math.max(needed, Math.min(wanted, Math.floor(available / 16))) : 0
    this.remaining -= granted
    const { definition, allotment, endsAtMs, remaining: rest } = this
    return { definition, allotment, endsAtMs, granted, rest, isOver, nowMs }
  }

  async giveBack(blocks: readonly Block[]) {
    for (const { allotment, credits } of blocks) {
      if (allotment === this.allotment) this.remaining += credits
    }
  }

  async ping() {
    if (this.isAway) throw new StoreUnavailable('It is away.')
  }

  allot(credits: number): void {
    this.remaining = credits
    this.allotment = `allotment ${Number(this.allotment.split(' ')[1]) + 1}`
  }
}

function setUp(definition: QuotaDefinition) {
  const clock = { now: Date.parse('2026-06-01T12:00:00Z'), skew: 0 }
  const store = new MemoryStore(definition, () => clock.now)
  const returned: Block[] = []
  const onHold = vi.fn()
  const lease = new QuotaLease('key', {
    store,
    onReturn: (block) => void returned.push(block),
    onHold,
    now: () => clock.now + clock.skew,
    clock: () => clock.now - 1_000,
  })
  lease.renew(store.allotment)
  const take = (cost = 1) => lease.take(cost, clock.now + clock.skew)
  return { clock, store, lease, returned, take }
}

/** Spends so quickly that blocks are big. */
async function warmUp(take: () => boolean | Promise<boolean>, times = 500): Promise<void> {
  for (let i = 0; i < times; i++) expect(await take()).toBe(true)
}

describe('a block of credits', () => {
  it('is spent at once and without the store, and the next is there before it is empty', async () => {
    const { store, take } = setUp(daily(1_000_000))
    await warmUp(take)
    const asked = store.leases.length
    let waits = 0
    for (let i = 0; i < 10_000; i++) {
      const isPaid = take()
      if (isPaid instanceof Promise) waits++
      expect(await isPaid).toBe(true)
    }
    expect(waits).toBe(0)
    expect(store.leases.length - asked).toBeLessThan(20)
  })

  it('is asked for once for everyone who waits', async () => {
    const { store, take } = setUp(daily(1_000_000))
    const paid = await Promise.all(Array.from({ length: 1_000 }, async () => take()))
    expect(paid).not.toContain(false)
    expect(store.leases.length).toBeLessThan(5)
  })

  it('is never more than 4,096, unless one request costs more', async () => {
    const { lease, store, take } = setUp(daily(1_000_000_000))
    await warmUp(take, 20_000)
    expect(Math.max(...store.leases.map(({ wanted }) => wanted))).toBe(4_096)
    expect(lease.left).toBeLessThan(2 * 4_096)
    expect(await take(1_000_000)).toBe(true)
  })

  it('is about as much as is spent in a second', async () => {
    const { clock, store, take } = setUp(daily(1_000_000))
    for (const perSecond of [100, 10, 1_000]) {
      for (let i = 0; i < perSecond * 10; i++) {
        expect(await take()).toBe(true)
        clock.now += 1_000 / perSecond
      }
      const { wanted } = store.leases.at(-1)!
      expect(wanted / perSecond).toBeGreaterThan(0.2)
      expect(wanted / perSecond).toBeLessThan(2)
    }
  })

  it('takes the last credits one by one, so that no node keeps them from another', async () => {
    const { lease, take } = setUp(daily(100))
    let isPaid = true
    for (let spent = 0; isPaid; spent++) {
      isPaid = await take()
      expect(lease.left).toBeLessThanOrEqual((100 - spent) / 8)
    }
  })

  it('of a price that does not divide it is spent to the last request that can be paid', async () => {
    const { store, lease, take } = setUp(daily(25))
    const paid = await Promise.all(Array.from({ length: 10 }, async () => take(10)))
    expect(paid.filter(Boolean)).toHaveLength(2)
    expect(store.remaining + lease.left).toBe(5)
    expect(await take(5)).toBe(true)
    expect(await take(1)).toBe(false)
  })

  it('is made use of for a price that neither it nor the rest could pay alone', async () => {
    const { lease, store, take } = setUp(daily(96))
    await warmUp(take, 90)
    await lease.settled()
    store.remaining = 6 - lease.left
    expect(await take(6)).toBe(true)
    expect(store.remaining).toBe(0)
  })

  it('is not asked for by a request that costs nothing', () => {
    const { store, take } = setUp(daily(1))
    expect(take(0)).toBe(true)
    expect(store.leases).toEqual([])
  })
})

describe('when no credits are left', () => {
  it('a flood is refused from memory, with a look at the store twice a second', async () => {
    const { clock, store, take } = setUp(daily(1))
    expect(await take()).toBe(true)
    expect(await take()).toBe(false)
    const asked = store.leases.length
    for (let i = 0; i < 10_000; i++) {
      clock.now += 0.1
      const isPaid = take()
      if (isPaid instanceof Promise) expect(await isPaid).toBe(false)
    }
    expect(store.leases.length - asked).toBeLessThanOrEqual(2)
    store.remaining += 1
    clock.now += 500
    expect(await take()).toBe(true)
  })

  it('sees more at once when the key was read anew, also when an older answer is still on its way', async () => {
    const { clock, lease, store, take } = setUp(daily(1))
    expect(await take()).toBe(true)
    expect(await take()).toBe(false)
    clock.now += 500
    const before = take()
    store.allot(1)
    lease.renew(store.allotment)
    const after = take()
    expect(await Promise.all([before, after])).toEqual([true, false])
    store.allot(2)
    lease.renew(store.allotment)
    expect([await take(), await take(), await take()]).toEqual([true, true, false])
  })

  it('says how long it takes until there are', async () => {
    const { clock, take, lease } = setUp(daily(10))
    expect(await take(10)).toBe(true)
    expect(await take()).toBe(false)
    expect(lease.retryAfterMs(1)).toBe(DAY_MS / 2)
    expect(lease.retryAfterMs(11)).toBeNull()
    clock.now += DAY_MS / 2
    expect(await take(10)).toBe(true)

    const once = setUp({ ...daily(1), period: 'never' })
    await once.take()
    expect(await once.take()).toBe(false)
    expect(once.lease.retryAfterMs(1)).toBeNull()
  })
})

describe('at the end of a period', () => {
  it('what is left of a block is worth nothing, to the millisecond', async () => {
    const { clock, store, lease, take } = setUp(daily(1_600))
    await warmUp(take, 100)
    await lease.settled()
    const { left } = lease
    expect(left).toBeGreaterThan(1)
    clock.now = store.endsAtMs! - 1
    expect(take()).toBe(true)
    clock.now += 1
    expect(take()).toBeInstanceOf(Promise)
    await lease.settled()
    expect(store.allotment).toBe('allotment 2')
    expect(store.remaining + lease.left).toBe(1_599)
  })

  it('is worth nothing beside the next block either, which was asked for before and comes after', async () => {
    const { clock, store, lease, take } = setUp(daily(1_600))
    await warmUp(take, 100)
    await lease.settled()
    const asked = store.leases.length
    const answer = store.lease.bind(store)
    store.lease = (request) => {
      clock.now = store.endsAtMs!
      store.lease = answer
      return answer(request)
    }
    while (store.leases.length === asked) expect(take()).toBe(true)
    expect(lease.left).toBeGreaterThan(1)
    await lease.settled()
    expect(store.allotment).toBe('allotment 2')
    expect(store.remaining + lease.left).toBe(1_600)
  })

  it("goes by the store's clock and not by the process' own, which may be wrong and may be set", async () => {
    const { clock, store, lease, take } = setUp(daily(100))
    for (const skew of [-3_600_000, 3_600_000, -26 * 3_600_000]) {
      clock.skew = skew
      clock.now = store.endsAtMs! - 2
      await take()
      const { allotment } = store
      clock.now += 1
      await take()
      expect(store.allotment).toBe(allotment)
      clock.now += 1
      await take()
      expect(store.allotment).not.toBe(allotment)
      expect(lease.left + store.remaining).toBe(99)
      expect(store.endsAtMs! - clock.now).toBe(DAY_MS)
    }
  })

  it('tells that the store is unavailable when a period cannot be begun', async () => {
    const { clock, store, take } = setUp(daily(1))
    store.endsAtMs = clock.now
    store.definition = { ...daily(1), timeZone: 'Mars/Olympus' }
    await expect(take()).rejects.toThrow('Mars/Olympus')
  })
})

describe('when the store is away', () => {
  it('spends what it has, then says "unavailable" and not "exceeded"', async () => {
    const { store, lease, take } = setUp(daily(1_600))
    await warmUp(take, 60)
    await lease.settled()
    store.isAway = true
    const { left } = lease
    expect(left).toBeGreaterThan(0)
    for (let i = 0; i < left; i++) expect(take()).toBe(true)
    await expect(take()).rejects.toBeInstanceOf(StoreUnavailable)
    store.isAway = false
    expect(await take()).toBe(true)
  })
})

describe('a block is given back', () => {
  it('when it was not spent for four seconds', async () => {
    const { clock, store, lease, returned, take } = setUp(daily(1_600))
    await warmUp(take, 60)
    await lease.settled()
    const { left } = lease
    clock.now += 3_999
    expect(lease.isIdle).toBe(false)
    clock.now += 1
    expect(lease.isIdle).toBe(true)
    lease.empty()
    expect(returned).toEqual([{ id: 'key', allotment: store.allotment, credits: left }])
    await store.giveBack(returned)
    expect(store.remaining).toBe(1_600 - 60)
  })

  it('when the credits are counted anew, and is void', async () => {
    const { store, lease, returned, take } = setUp(daily(1_600))
    await warmUp(take, 60)
    await lease.settled()
    store.allot(10)
    lease.renew(store.allotment)
    expect(lease.left).toBe(0)
    await store.giveBack(returned)
    expect(store.remaining).toBe(10)
  })

  it('not when the key was read again and is the same', async () => {
    const { store, lease, returned, take } = setUp(daily(1_600))
    await warmUp(take, 60)
    await lease.settled()
    lease.renew(store.allotment)
    expect(lease.left).toBeGreaterThan(0)
    expect(returned).toEqual([])
  })
})

describe('three nodes', () => {
  type Step =
    | { verb: 'take'; node: number; cost: number; count: number }
    | { verb: 'pass'; ms: number }
    | { verb: 'tick' | 'crash' | 'reread'; node: number }
    | { verb: 'away'; isAway: boolean }

  const node = fc.nat(2)
  const steps = fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          verb: fc.constant('take' as const),
          node,
          cost: fc.constantFrom(0, 1, 1, 1, 2, 7, 10),
          count: fc.integer({ min: 1, max: 40 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          verb: fc.constant('pass' as const),
          ms: fc.constantFrom(1, 300, 700, 5_000, DAY_MS / 3, DAY_MS),
        }),
      },
      { weight: 3, arbitrary: fc.record({ verb: fc.constantFrom('tick', 'reread'), node }) },
      { weight: 1, arbitrary: fc.record({ verb: fc.constant('crash' as const), node }) },
      { weight: 1, arbitrary: fc.record({ verb: fc.constant('away' as const), isAway: fc.boolean() }) },
    ),
    { minLength: 5, maxLength: 60 },
  )

  it('never spend more than the limit in a period, whatever happens in whatever order, and lose only by a crash', async () => {
    const ends = { exact: 0, refilled: 0, exhausted: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 300 }),
        steps,
        async (scheduler, limit, sequence) => {
          let now = Date.parse('2026-06-01T00:00:00Z')
          const store = new MemoryStore(daily(limit), () => now)
          const today = () => Math.floor(now / DAY_MS)
          const spent = new Map<number, number>()
          let lostOf = ''

          class Node implements QuotaStore {
            isCrashed = false
            returned: Block[] = []
            quota = new QuotaLease('key', {
              store: this,
              onReturn: (block) => void this.returned.push(block),
              onHold: () => undefined,
              now: () => now,
              clock: () => now,
            })
            /** What is asked of the store arrives some time later, and so does its answer. */
            async lease(request: LeaseRequest) {
              await scheduler.schedule(Promise.resolve(), 'request')
              const answer = await store.lease(request)
              await scheduler.schedule(Promise.resolve(), 'answer')
              if (this.isCrashed) lostOf = answer.allotment
              return answer
            }
            giveBack = (blocks: readonly Block[]) => store.giveBack(blocks)
            ping = () => store.ping()

            async take(cost: number) {
              const isPaid = await Promise.resolve(this.quota.take(cost, now)).catch(() => false)
              if (isPaid && !this.isCrashed) spent.set(today(), (spent.get(today()) ?? 0) + cost)
            }
            async giveBackAll() {
              await this.giveBack(this.returned.splice(0))
            }
          }
          const nodes = [new Node(), new Node(), new Node()]
          const requests: Promise<void>[] = []

          async function run(step: Step) {
            // Whoever was told something by now has noted it.
            await new Promise(setImmediate)
            switch (step.verb) {
              case 'take':
                for (let i = 0; i < step.count; i++) requests.push(nodes[step.node]!.take(step.cost))
                return
              case 'pass':
                now += step.ms
                return
              case 'tick':
                if (nodes[step.node]!.quota.isIdle) nodes[step.node]!.quota.empty()
                return nodes[step.node]!.giveBackAll()
              case 'crash':
                if (nodes[step.node]!.quota.left + nodes[step.node]!.returned.length > 0) {
                  lostOf = store.allotment
                }
                nodes[step.node]!.isCrashed = true
                nodes[step.node] = new Node()
                return
              case 'reread':
                nodes[step.node]!.quota.renew(store.allotment)
                return
              case 'away':
                store.isAway = step.isAway
            }
          }
          for (const step of sequence) {
            await run(step)
            if (scheduler.count() > 0 && step.verb !== 'take') await scheduler.waitNext(1)
            expect(store.remaining).toBeGreaterThanOrEqual(0)
          }
          store.isAway = false
          await scheduler.waitIdle()
          await Promise.all(requests)
          for (const one of nodes) {
            await one.quota.settled()
            one.quota.empty()
            await one.giveBackAll()
          }

          for (const credits of spent.values()) expect(credits).toBeLessThanOrEqual(limit)
          // Nothing was asked in this period yet.
          if (now >= store.endsAtMs!) return
          const accounted = store.remaining + (spent.get(today()) ?? 0)
          expect(accounted).toBeLessThanOrEqual(limit)
          if (lostOf !== store.allotment) {
            expect(accounted).toBe(limit)
            ends.exact++
          }
          if (store.allotment !== 'allotment 1') ends.refilled++
          if (store.remaining === 0) ends.exhausted++
        },
      ),
      { numRuns: 1_000 },
    )
    expect(Math.min(ends.exact, ends.refilled, ends.exhausted)).toBeGreaterThan(100)
  })
})
