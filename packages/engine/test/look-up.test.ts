import { StoreUnavailable } from '@latchkey/engine'
import { describe, expect, it, vi } from 'vitest'
import { createLookUp, type LookUpOptions } from '../src/look-up.ts'

type Pace = Omit<LookUpOptions<string>, 'one' | 'many'>

/** A store whose answers the test gives when it wants to. */
function setUp({ maxReads = 2, maxWaiting = 1_000, ...pace }: Partial<Pace> = {}) {
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
    ...pace,
  })
  return { reads, lookUp }
}

/** Until everything that was asked for in this turn of the event loop is being read. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('looking keys up', () => {
  it('reads one by itself', async () => {
    const { reads, lookUp } = setUp()
    for (const [hash, key] of [
      ['known', 'key of known'],
      ['other', null],
    ] as const) {
      const found = lookUp(hash)
      await nextTurn()
      expect(reads.at(-1)!.hashes).toEqual([hash])
      reads.at(-1)!.answer()
      expect(await found).toBe(key)
    }
  })

  it('reads together what is asked for in one turn, and gives each its own', async () => {
    const { reads, lookUp } = setUp()
    const found = ['known1', 'other', 'known2'].map(lookUp)
    await nextTurn()
    expect(reads.map(({ hashes }) => hashes)).toEqual([['known1', 'other', 'known2']])
    reads[0]!.answer()
    expect(await Promise.all(found)).toEqual(['key of known1', null, 'key of known2'])
  })

  it('reads all hashes of one key in the same statement, and gives what was found by any of them', async () => {
    const { reads, lookUp } = setUp({ maxHashesPerRead: 1 })
    const found = [lookUp(['other1', 'known1', 'other2']), lookUp(['other3', 'other4'])]
    await nextTurn()
    expect(reads.map(({ hashes }) => hashes)).toEqual([
      ['other1', 'known1', 'other2'],
      ['other3', 'other4'],
    ])
    for (const { answer } of reads) answer()
    expect(await Promise.all(found)).toEqual(['key of known1', null])
  })

  it('reads together what waited while enough reads were under way', async () => {
    const { reads, lookUp } = setUp()
    const found: Promise<string | null>[] = []
    for (const hash of ['known1', 'known2', 'known3', 'other', 'known4']) {
      found.push(lookUp(hash))
      await nextTurn()
    }
    expect(reads.map(({ hashes }) => hashes)).toEqual([['known1'], ['known2']])
    reads[1]!.answer()
    await vi.waitUntil(() => reads.length === 3)
    expect(reads[2]!.hashes).toEqual(['known3', 'other', 'known4'])
    reads[2]!.answer()
    reads[0]!.answer()
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
    await nextTurn()
    let answered = 0
    while (answered < reads.length) {
      expect(reads.length - answered).toBeLessThanOrEqual(2)
      reads[answered++]!.answer()
      await nextTurn()
      await nextTurn()
    }
    expect(reads.map(({ hashes }) => hashes.length)).toEqual([100, 100, 52])
    expect(await Promise.all(found)).toEqual(found.map((_, i) => `key of known${i}`))
  })

  it('tells everyone who waits that a read failed, and goes on with the next', async () => {
    const { reads, lookUp } = setUp({ maxReads: 1 })
    for (const round of [1, 2]) {
      const first = lookUp('known1')
      await nextTurn()
      const outcomes = Promise.allSettled([first, ...['known2', 'known3'].map(lookUp)])
      reads.at(-1)!.fail(new StoreUnavailable('away'))
      expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      await nextTurn()
      expect(reads).toHaveLength(round)
    }
    const answered = lookUp('known4')
    await nextTurn()
    const outcomes = Promise.allSettled([answered, ...['known5', 'known6'].map(lookUp)])
    reads[2]!.answer()
    await vi.waitUntil(() => reads.length === 4)
    reads[3]!.fail(new StoreUnavailable('away'))
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    const next = lookUp('known7')
    await nextTurn()
    reads[4]!.answer()
    expect(await next).toBe('key of known7')
  })

  it('reads no more and no sooner than its pace allows', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      const { reads, lookUp } = setUp({ maxReads: 1, maxHashesPerRead: 2, pauseMs: 4 })
      const found = ['known1', 'known2', 'known3'].map(lookUp)
      await nextTurn()
      reads[0]!.answer()
      await nextTurn()
      vi.advanceTimersByTime(3)
      await nextTurn()
      expect(reads).toHaveLength(1)
      vi.advanceTimersByTime(1)
      await nextTurn()
      expect(reads.map(({ hashes }) => hashes)).toEqual([['known1', 'known2'], ['known3']])
      reads[1]!.answer()
      expect(await Promise.all(found)).toEqual(['key of known1', 'key of known2', 'key of known3'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('refuses to wait in an endless queue', async () => {
    const { lookUp } = setUp({ maxReads: 1, maxWaiting: 1 })
    void lookUp('known1')
    await nextTurn()
    void lookUp('known2')
    await expect(lookUp('known3')).rejects.toThrow(StoreUnavailable)
  })
})
