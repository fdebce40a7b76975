import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimit } from '../src/rate-limit.ts'

const start = Date.parse('2026-11-22T23:59:59.900Z')

function limitsOf(...rateLimits: RateLimit[]) {
  return createRateLimiter().limitsOf('key', rateLimits, start)!
}

/** Requests at random pauses, short and long, with random costs. */
const requests = fc.array(
  fc.record({
    pause: fc.oneof(fc.nat(20), fc.nat(500), fc.nat(5_000)),
    cost: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 300 },
)
const aLimit = fc.record({
  name: fc.constant('limit'),
  limit: fc.integer({ min: 1, max: 40 }),
  windowSeconds: fc.integer({ min: 1, max: 7 }),
})

/** How many units were taken in the window that ends at this moment and begins after `nowMs - windowMs`. */
function takenWithin(taken: { at: number; cost: number }[], nowMs: number, windowMs: number) {
  return taken.reduce((sum, { at, cost }) => (at > nowMs - windowMs ? sum + cost : sum), 0)
}

describe('a rate limit', () => {
  it('lets the limit through and not one more, until the window has slid past', () => {
    const limits = limitsOf({ name: 'burst', limit: 3, windowSeconds: 60 })
    expect([0, 1, 2].map((at) => limits.admit(1, start + at))).toEqual([true, true, true])
    expect(limits.admit(1, start + 3)).toBe(false)
    expect(limits.admit(1, start + 59_999)).toBe(false)
    expect(limits.admit(1, start + 62_000)).toBe(true)
  })

  it('never holds more than the limit in any window, wherever it begins', () => {
    fc.assert(
      fc.property(aLimit, requests, (rateLimit, all) => {
        const limits = limitsOf(rateLimit)
        const taken: { at: number; cost: number }[] = []
        let now = start
        for (const { pause, cost } of all) {
          now += pause
          if (!limits.admit(cost, now)) continue
          taken.push({ at: now, cost })
          const sum = takenWithin(taken, now, rateLimit.windowSeconds * 1_000)
          expect(sum).toBeLessThanOrEqual(rateLimit.limit)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('refuses nothing that would still fit into a window a thirtieth longer', () => {
    fc.assert(
      fc.property(aLimit, requests, (rateLimit, all) => {
        const limits = limitsOf(rateLimit)
        const taken: { at: number; cost: number }[] = []
        let now = start
        for (const { pause, cost } of all) {
          now += pause
          if (limits.admit(cost, now)) taken.push({ at: now, cost })
          else {
            const sum = takenWithin(taken, now, (rateLimit.windowSeconds * 1_000 * 31) / 30)
            expect(sum + cost).toBeGreaterThan(rateLimit.limit)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('says after how long the same request is admitted, and not a moment too late', () => {
    fc.assert(
      fc.property(aLimit, requests, (rateLimit, all) => {
        const limits = limitsOf(rateLimit)
        let now = start
        for (const { pause, cost } of all) {
          now += pause
          if (limits.admit(cost, now)) continue
          const waitMs = limits.retryAfterMs(cost, now)
          if (cost > rateLimit.limit) {
            expect(waitMs).toBeNull()
            continue
          }
          expect(waitMs).toBeGreaterThan(0)
          expect(limits.admit(cost, now + waitMs! - 1)).toBe(false)
          now += waitMs!
          expect(limits.admit(cost, now)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('tells what is left and when more comes back', () => {
    const limits = limitsOf({ name: 'burst', limit: 10, windowSeconds: 60 })
    const [state] = limits.states
    expect(state).toMatchObject({
      name: 'burst',
      limit: 10,
      windowSeconds: 60,
      remaining: 10,
      resetSeconds: 0,
    })
    expect(limits.admit(4, start)).toBe(true)
    expect(state).toMatchObject({ remaining: 6, resetSeconds: 62 })
    expect(limits.admit(1, start + 30_000)).toBe(true)
    expect(state).toMatchObject({ remaining: 5, resetSeconds: 32 })
    expect(limits.admit(1, start + 62_000)).toBe(true)
    expect(state).toMatchObject({ remaining: 8, resetSeconds: 30 })
  })

  it('takes from all limits or from none', () => {
    const limits = limitsOf(
      { name: 'burst', limit: 2, windowSeconds: 1 },
      { name: 'sustained', limit: 3, windowSeconds: 60 },
    )
    const remaining = () => limits.states.map((state) => state.remaining)
    expect(limits.admit(2, start)).toBe(true)
    expect(limits.admit(1, start + 10)).toBe(false)
    expect(limits.violatedBy(1)).toEqual(['burst'])
    expect(remaining()).toEqual([0, 1])
    expect(limits.admit(2, start + 2_000)).toBe(false)
    expect(limits.violatedBy(2)).toEqual(['sustained'])
    expect(remaining()).toEqual([2, 1])
    expect(limits.admit(1, start + 2_000)).toBe(true)
    expect(remaining()).toEqual([1, 0])
  })

  it('gives nothing back when the clock is set back', () => {
    const limits = limitsOf({ name: 'burst', limit: 2, windowSeconds: 60 })
    expect(limits.admit(2, start)).toBe(true)
    expect(limits.admit(1, start - 3_600_000)).toBe(false)
    expect(limits.admit(1, start + 1_000)).toBe(false)
    expect(limits.admit(1, start + 62_000)).toBe(true)
  })
})

describe('the limiter', () => {
  const burst = { name: 'burst', limit: 2, windowSeconds: 60 }

  it('has nothing to count for a key without limits', () => {
    expect(createRateLimiter().limitsOf('key', [], start)).toBeNull()
  })

  it('goes on counting when the key is read again, and counts each key by itself', () => {
    const limiter = createRateLimiter()
    expect(limiter.limitsOf('key', [burst], start)!.admit(2, start)).toBe(true)
    expect(limiter.limitsOf('key', [{ ...burst }], start + 5_000)!.admit(1, start + 5_000)).toBe(false)
    expect(limiter.limitsOf('other', [burst], start)!.admit(1, start)).toBe(true)
  })

  it('gives nothing back when a limit is changed, or another is added', () => {
    const limiter = createRateLimiter()
    expect(limiter.limitsOf('key', [burst], start)!.admit(2, start)).toBe(true)
    const raised = limiter.limitsOf('key', [{ ...burst, limit: 3 }], start)!
    expect([raised.admit(1, start), raised.admit(1, start)]).toEqual([true, false])
    const lowered = limiter.limitsOf('key', [{ name: 'other', limit: 9, windowSeconds: 1 }, burst], start)!
    expect(lowered.states.map((state) => state.remaining)).toEqual([9, 0])
    expect(lowered.admit(1, start)).toBe(false)
  })

  it('goes on counting however often the other limits are renamed', () => {
    const limiter = createRateLimiter()
    const kept = { name: 'kept', limit: 1_000, windowSeconds: 3_600 }
    for (let i = 0; i < 200; i++) {
      const limits = limiter.limitsOf('key', [{ ...burst, name: `name${i}` }, kept], start)!
      expect(limits.admit(1, start)).toBe(true)
      expect(limits.states.map((state) => state.remaining)).toEqual([1, 999 - i])
    }
  })

  it('counts together what is judged by old and by new limits', () => {
    const limiter = createRateLimiter()
    const before = limiter.limitsOf('key', [burst], start)!
    const after = limiter.limitsOf('key', [{ name: 'other', limit: 5, windowSeconds: 1 }, burst], start)!
    expect([before.admit(1, start), after.admit(1, start), before.admit(1, start)]).toEqual([
      true,
      true,
      false,
    ])
    expect(after.states.map((state) => state.remaining)).toEqual([4, 0])
  })

  it('forgets what no window holds any more, and nothing that a cached key may still use', () => {
    const limiter = createRateLimiter()
    const before = limiter.limitsOf('key', [burst], start)!
    expect(before.admit(2, start)).toBe(true)
    limiter.sweep(start + 140_000)
    expect(limiter.limitsOf('key', [burst], start + 140_000)).toBe(before)
    limiter.sweep(start + 140_000 + 210_001)
    expect(limiter.limitsOf('key', [burst], start + 360_000)).not.toBe(before)
  })
})
