import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { createKeyCache } from '../src/cache.ts'
import { createPepperedKeys } from '../src/peppered-keys.ts'
import { createPeppers } from '../src/peppers.ts'
import { createRedigest } from '../src/redigest.ts'
import { hashSecret } from '../src/secret.ts'
import type { KeyFacts } from '../src/verdict.ts'
import { aJudgeableKey, facts } from './a-key.ts'

const peppers = createPeppers({ current: 'p2', keys: { p1: randomBytes(32), p2: randomBytes(32) } })
const text = 'the text of a key'
const [now, old, none] = peppers.possible(hashSecret(text)).map(({ hash }) => hash) as [
  string,
  string,
  string,
]

/** A cache, and reads of the database that the test answers. */
function setUp() {
  const clock = { now: 1_000_000 }
  const moves: { from: string; to: string }[] = []
  const reads: { hashes: readonly string[]; answer: (hash: string | null) => void; fail: () => void }[] = []
  const known = createKeyCache({ now: () => clock.now, random: () => 0.5 })
  const keys = createPepperedKeys({
    peppers,
    cache: known,
    redigest: { add: (move) => moves.push(move), stop: () => Promise.resolve() },
    now: () => clock.now,
  })
  const lookUp = (hashes: readonly string[]) =>
    new Promise<KeyFacts | null>((resolve, reject) => {
      reads.push({
        hashes,
        answer: (hash) => resolve(hash === null ? null : { ...facts(), hash }),
        fail: () => reject(new Error('away')),
      })
    })
  const key = aJudgeableKey()
  const look = () => keys.find(text, now, { lookUp, search: (digest, by) => by(digest) })
  const fill = () => keys.cache.fill(now, async () => (await look()) && key)
  const get = () => keys.cache.get(now, clock.now)
  return { clock, moves, reads, keys, key, fill, look, get }
}

describe('a key that may be under several peppers', () => {
  it('is asked for in one read, and is known by the hash of now, whatever it is stored under', async () => {
    for (const stored of [now, old, none]) {
      const { reads, key, fill, get, moves } = setUp()
      const filled = fill()
      expect(reads.map(({ hashes }) => hashes)).toEqual([[now, old, none]])
      reads[0]!.answer(stored)
      expect(await filled).toBe(key)
      expect(get()).toBe(key)
      expect(moves).toEqual(stored === now ? [] : [{ from: stored, to: now }])
    }
  })

  it('is forgotten when a change is told by what it is stored under', async () => {
    for (const stored of [now, old, none]) {
      const { reads, keys, fill, get } = setUp()
      const filled = fill()
      reads[0]!.answer(stored)
      await filled
      for (const other of [old, none]) {
        if (other !== stored) keys.cache.invalidate(other)
      }
      expect(get()).toBeDefined()
      keys.cache.invalidate(stored)
      expect(get()).toBeUndefined()
    }
  })

  it('is not remembered from a read during which it changed, under whatever hash', async () => {
    for (const changed of [now, old, none]) {
      const { reads, keys, fill, get, key } = setUp()
      const filled = fill()
      keys.cache.invalidate(changed)
      const again = fill()
      expect(reads).toHaveLength(2)
      reads[0]!.answer(now)
      expect(await filled).toBe(key)
      expect(get()).toBeUndefined()
      // The end of the first read takes nothing from the second.
      keys.cache.invalidate(changed)
      reads[1]!.answer(changed)
      await again
      expect(get()).toBeUndefined()
    }
  })

  it('stays within reach as long as the cache may have it, and no longer', async () => {
    const { reads, keys, fill, get, clock } = setUp()
    const filled = fill()
    reads[0]!.answer(old)
    await filled
    clock.now += 50_000
    keys.cache.confirm(clock.now)
    keys.sweep()
    expect(get()).toBeDefined()
    keys.cache.invalidate(old)
    expect(get()).toBeUndefined()
  })

  it('stays within reach when somebody looks for it past the cache, and fails', async () => {
    const { reads, keys, fill, get, look } = setUp()
    const filled = fill()
    const failed = look()
    reads[1]!.fail()
    await expect(failed).rejects.toThrow('away')
    keys.cache.invalidate(old)
    reads[0]!.answer(old)
    await filled
    expect(get()).toBeUndefined()

    const again = fill()
    reads[2]!.answer(old)
    await again
    const another = look()
    reads[3]!.answer(null)
    await another
    expect(get()).toBeDefined()
    keys.cache.invalidate(old)
    expect(get()).toBeUndefined()
  })

  it('is known not to exist, and asked for again after a failure', async () => {
    const { reads, fill, get } = setUp()
    const failed = fill()
    reads[0]!.fail()
    await expect(failed).rejects.toThrow('away')
    expect(get()).toBeUndefined()
    const filled = fill()
    reads[1]!.answer(null)
    expect(await filled).toBeNull()
    expect(get()).toBeNull()
  })
})

describe('what stores secrets anew', () => {
  it('does so in batches, one after another, each secret once', async () => {
    const save = vi.fn(async (moves: readonly unknown[]) => moves.length)
    const redigest = createRedigest({ save, onError: () => undefined, pauseMs: 1 })
    for (let i = 0; i < 1_200; i++) redigest.add({ from: `from ${i % 1_100}`, to: 'to' })
    await expect.poll(() => save.mock.calls.map(([moves]) => moves.length)).toEqual([500, 500, 100])
    await redigest.stop()
  })

  it('tells of trouble once, goes on, and stops after what it is doing', async () => {
    const onError = vi.fn()
    const { promise, resolve } = Promise.withResolvers<number>()
    const save = vi
      .fn<(moves: readonly unknown[]) => Promise<number>>()
      .mockRejectedValueOnce(new Error('away'))
      .mockRejectedValueOnce(new Error('away'))
      .mockReturnValueOnce(promise)
    const redigest = createRedigest({ save, onError, pauseMs: 1 })
    for (let time = 1; time <= 3; time++) {
      redigest.add({ from: 'from', to: 'to' })
      await expect.poll(() => save.mock.calls.length).toBe(time)
    }
    expect(onError).toHaveBeenCalledOnce()
    const stopped = redigest.stop()
    redigest.add({ from: 'late', to: 'to' })
    resolve(1)
    await stopped
    expect(save).toHaveBeenCalledTimes(3)
  })
})
