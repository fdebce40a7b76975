import { describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '@latchkey/engine'
import { createKeyCache } from '../src/cache.ts'
import { bytesOf, type JudgeableKey } from '../src/verdict.ts'
import { aJudgeableKey } from './a-key.ts'

const key = aJudgeableKey()

function setUp({
  random = 0.5,
  ...limits
}: { random?: number; maxKnown?: number; maxUnknown?: number; maxKnownBytes?: number } = {}) {
  const clock = { now: 0 }
  const load = vi.fn<(hash: string) => Promise<JudgeableKey | null>>(async (hash) =>
    hash.startsWith('known') ? key : null,
  )
  const cache = createKeyCache({ now: () => clock.now, random: () => random, ...limits })
  return {
    clock,
    load,
    cache: {
      ...cache,
      get: (hash: string) => cache.get(hash, clock.now),
      fill: (hash: string) => cache.fill(hash, load),
    },
  }
}

/** A load that the test answers when it wants to. */
function held() {
  return Promise.withResolvers<JudgeableKey | null>()
}

describe('the key cache', () => {
  it('knows nothing before it was filled', () => {
    expect(setUp().cache.get('known')).toBeUndefined()
  })

  it('remembers keys that exist and hashes that do not', async () => {
    const { cache } = setUp()
    expect(await cache.fill('known')).toBe(key)
    expect(await cache.fill('other')).toBeNull()
    expect(cache.get('known')).toBe(key)
    expect(cache.get('other')).toBeNull()
  })

  it('asks once for everyone who asks meanwhile', async () => {
    const { cache, load } = setUp()
    const answers = await Promise.all(Array.from({ length: 500 }, () => cache.fill('known')))
    expect(new Set(answers)).toEqual(new Set([key]))
    expect(load).toHaveBeenCalledOnce()
  })

  it.each([
    ['at most 5 s', 1, 5_000],
    ['at least 4 s', 0, 4_000],
  ])(
    'trusts an entry that nothing confirms for %s, counted from when its read began',
    async (_, random, lifetime) => {
      const { cache, clock, load } = setUp({ random })
      const answer = held()
      load.mockReturnValueOnce(answer.promise)
      const filled = cache.fill('known')
      clock.now = 1_500
      answer.resolve(key)
      await filled
      clock.now = lifetime - 1
      expect(cache.get('known')).toBe(key)
      clock.now = lifetime
      expect(cache.get('known')).toBeUndefined()
    },
  )

  it.each([
    ['at most 60 s', 1, 60_000],
    ['at least 48 s', 0, 48_000],
  ])('trusts an entry that is confirmed again and again for %s', async (_, random, lifetime) => {
    const { cache, clock } = setUp({ random })
    await cache.fill('known')
    for (clock.now = 0; clock.now < lifetime; clock.now += 1_000) {
      cache.confirm(clock.now - 500)
      expect(cache.get('known')).toBe(key)
    }
    cache.confirm(lifetime)
    expect(cache.get('known')).toBeUndefined()
  })

  it('trusts nothing for more than 5 s after the last confirmation', async () => {
    const { cache, clock } = setUp({ random: 1 })
    await cache.fill('known')
    cache.confirm(2_000)
    clock.now = 6_999
    expect(cache.get('known')).toBe(key)
    clock.now = 7_000
    expect(cache.get('known')).toBeUndefined()
  })

  it('does not trust what is not there for more than 5 s, confirmed or not', async () => {
    const { cache, clock } = setUp({ random: 1 })
    await cache.fill('other')
    clock.now = 5_000
    cache.confirm(5_000)
    expect(cache.get('other')).toBeUndefined()
  })

  it('remembers no failure: everyone waiting is told, the next one asks again', async () => {
    const { cache, load } = setUp()
    load.mockRejectedValueOnce(new StoreUnavailable('away'))
    const failed = await Promise.allSettled([cache.fill('known'), cache.fill('known')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await cache.fill('known')).toBe(key)
  })

  it('forgets a hash when told, whether it was known or known not to exist', async () => {
    const { cache } = setUp()
    await cache.fill('known')
    await cache.fill('other')
    cache.invalidate('known')
    cache.invalidate('other')
    expect([cache.get('known'), cache.get('other')]).toEqual([undefined, undefined])
  })

  it.each(['invalidate', 'clear'] as const)('stores nothing that was read before %s', async (how) => {
    const { cache, load } = setUp()
    const answer = held()
    load.mockReturnValueOnce(answer.promise)
    const filled = cache.fill('known')
    cache[how]('known')
    answer.resolve(key)
    expect(await filled).toBe(key)
    expect(cache.get('known')).toBeUndefined()
  })

  it.each(['invalidate', 'clear'] as const)('lets nobody join a read that began before %s', async (how) => {
    const { cache, load } = setUp()
    const [before, after] = [held(), held()]
    load.mockReturnValueOnce(before.promise).mockReturnValueOnce(after.promise)
    const older = cache.fill('known')
    cache[how]('known')
    const newer = cache.fill('known')
    after.resolve(null)
    before.resolve(key)
    expect([await older, await newer]).toEqual([key, null])
    expect(cache.get('known')).toBeNull()
  })

  it('lets the failure of a detached read harm nobody', async () => {
    const { cache, load } = setUp()
    const before = held()
    load.mockReturnValueOnce(before.promise)
    const older = cache.fill('known')
    cache.invalidate('known')
    const newer = cache.fill('known')
    before.reject(new StoreUnavailable('away'))
    await expect(older).rejects.toThrow(StoreUnavailable)
    expect(await newer).toBe(key)
    expect(cache.get('known')).toBe(key)
  })

  it('holds no more entries than it may, and keeps those that are used', async () => {
    const { cache } = setUp({ maxKnown: 3 })
    for (const hash of ['known1', 'known2', 'known3']) await cache.fill(hash)
    cache.get('known1')
    cache.get('known3')
    await cache.fill('known4')
    expect(['known1', 'known2', 'known3', 'known4'].map((hash) => cache.get(hash) === key)).toEqual([
      true,
      false,
      true,
      true,
    ])
  })

  it('loses no key to a flood of invented secrets', async () => {
    const { cache } = setUp({ maxKnown: 10, maxUnknown: 10 })
    await cache.fill('known')
    for (let i = 0; i < 10_000; i++) await cache.fill(`invented${i}`)
    expect(cache.get('known')).toBe(key)
    expect(cache.get('invented0')).toBeUndefined()
    expect(cache.get('invented9999')).toBeNull()
  })

  it('holds no more bytes than it may', async () => {
    const { cache } = setUp({ maxKnownBytes: 10 * (bytesOf(key) + 136) })
    const hashes = Array.from({ length: 30 }, (_, i) => `known${i}`)
    for (const hash of hashes) await cache.fill(hash)
    expect(hashes.filter((hash) => cache.get(hash) === key)).toHaveLength(10)
  })
})
