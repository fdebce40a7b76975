import { StoreUnavailable } from '@latchkey/engine'
import { describe, expect, it, vi } from 'vitest'
import { createLookUp } from '../src/look-up.ts'

/** A store whose answers the test gives when it wants to. */
function setUp({ maxReads = 2, maxWaiting = 1_000 } = {}) {
  const reads: { hashes: readonly string[]; answer: () => void; fail: (error: Error) => void }[] = []
  const isThere = (hash: string) => hash.startsWith('known')

  function hold<T>(hashes: readonly string[], result: T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    reads.push({ hashes, answer: () => resolve(result), fail: reject })
    return promise
  }
  const lookUp = createLookUp<string>({
    one: (hash) => hold([hash], isThere(hash) ? `key of ${hash}` : null),
    many: (hashes) => hold(hashes, new Map(hashes.filter(isThere).map((hash) => [hash, `key of ${hash}`]))),
    maxReads,
    maxWaiting,
  })
  return { reads, lookUp }
}

const settled = () => vi.waitFor(() => Promise.resolve())

describe('looking keys up', () => {
  it('reads at once what comes while few reads are under way', async () => {
    const { reads, lookUp } = setUp()
    const found = [lookUp('known1'), lookUp('other')]
    expect(reads.map(({ hashes }) => hashes)).toEqual([['known1'], ['other']])
    reads.forEach(({ answer }) => answer())
    expect(await Promise.all(found)).toEqual(['key of known1', null])
  })

  it('reads together what came meanwhile, and gives each its own', async () => {
    const { reads, lookUp } = setUp()
    const found = ['known1', 'known2', 'known3', 'other', 'known4'].map(lookUp)
    expect(reads).toHaveLength(2)
    reads[0]!.answer()
    await vi.waitUntil(() => reads.length === 3)
    expect(reads[2]!.hashes).toEqual(['known3', 'other', 'known4'])
    reads[2]!.answer()
    reads[1]!.answer()
    expect(await Promise.all(found)).toEqual([
      'key of known1',
      'key of known2',
      'key of known3',
      null,
      'key of known4',
    ])
  })

  it('never has more reads under way, nor more hashes in one, than it may', async () => {
    const { reads, lookUp } = setUp()
    const found = Array.from({ length: 252 }, (_, i) => lookUp(`known${i}`))
    let answered = 0
    while (answered < reads.length) {
      expect(reads.length - answered).toBeLessThanOrEqual(2)
      reads[answered++]!.answer()
      await settled()
    }
    expect(reads.map(({ hashes }) => hashes.length)).toEqual([1, 1, 100, 100, 50])
    expect(await Promise.all(found)).toEqual(found.map((_, i) => `key of known${i}`))
  })

  it('tells everyone who waits that a read failed, and goes on with the next', async () => {
    const { reads, lookUp } = setUp({ maxReads: 1 })
    for (const round of [1, 2]) {
      const outcomes = Promise.allSettled(['known1', 'known2', 'known3'].map(lookUp))
      reads.at(-1)!.fail(new StoreUnavailable('away'))
      expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      expect(reads).toHaveLength(round)
    }
    const later = ['known4', 'known5'].map(lookUp)
    reads[2]!.answer()
    await vi.waitUntil(() => reads.length === 4)
    const outcomes = Promise.allSettled(later)
    reads[3]!.fail(new StoreUnavailable('away'))
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    const next = lookUp('known6')
    reads[4]!.answer()
    expect(await next).toBe('key of known6')
  })

  it('refuses to wait in an endless queue', async () => {
    const { lookUp } = setUp({ maxReads: 1, maxWaiting: 1 })
    void lookUp('known1')
    void lookUp('known2')
    await expect(lookUp('known3')).rejects.toThrow(StoreUnavailable)
  })
})
