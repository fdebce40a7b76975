import { describe, expect, it, vi } from 'vitest'
import { earliestKeyId } from '../src/key-id.ts'
import { createUsageRecorder, type UsageBatch, type UsageCount } from '../src/usage.ts'

const MINUTE_MS = 60_000
const base = Date.parse('2026-06-01T12:00:00Z')

function setUp() {
  const save = vi.fn<(batch: UsageBatch) => Promise<void>>(async () => undefined)
  const onLost = vi.fn<(requests: number) => void>()
  return { save, onLost, recorder: createUsageRecorder({ save, onLost }) }
}

/** What was stored, in few words. */
function told(batch: UsageBatch | undefined) {
  return batch?.counts.map(
    ({ id, minute, outcome, count }: UsageCount) => `${id} ${minute - base / MINUTE_MS} ${outcome} ${count}`,
  )
}

describe('the usage recorder', () => {
  it('stores what was counted together, by key, minute and outcome, and nothing when nothing happened', async () => {
    const { recorder, save } = setUp()
    const first = recorder.meterOf({ id: 'key_1', owner: 'ann' })
    const second = recorder.meterOf({ id: 'key_2', owner: 'ben' })
    recorder.record(first, 'accepted', base)
    recorder.record(second, 'expired', base + 1)
    recorder.record(first, 'accepted', base + 2)
    recorder.record(second, 'expired', base + 3)
    recorder.record(second, 'accepted', base + 4)
    recorder.record(first, 'accepted', base + MINUTE_MS)
    await recorder.flush()
    await recorder.flush()
    expect(save).toHaveBeenCalledOnce()
    expect(told(save.mock.lastCall![0])?.sort()).toEqual([
      'key_1 0 accepted 2',
      'key_1 1 accepted 1',
      'key_2 0 accepted 1',
      'key_2 0 expired 2',
    ])
    expect(save.mock.lastCall![0].counts.map(({ owner }) => owner)).toEqual(['ann', 'ann', 'ben', 'ben'])
  })

  it('goes on storing after a flush that had nothing to store', async () => {
    const { recorder, save } = setUp()
    await recorder.flush()
    recorder.record(recorder.meterOf({ id: 'key', owner: 'ann' }), 'accepted', base)
    await recorder.flush()
    expect(save).toHaveBeenCalledOnce()
  })

  it('goes on counting after a flush, in the same minute and in the next', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: 'key', owner: 'ann' })
    for (const at of [0, 20_000, 59_999, 60_000]) {
      recorder.record(meter, 'accepted', base + at)
      await recorder.flush()
    }
    expect(save.mock.calls.map(([batch]) => told(batch))).toEqual([
      ['key 0 accepted 1'],
      ['key 0 accepted 1'],
      ['key 0 accepted 1'],
      ['key 1 accepted 1'],
    ])
    expect(save.mock.calls.map(([{ sequence }]) => sequence)).toEqual([1, 2, 3, 4])
  })

  it('stores the first uses of a young key soon, and nothing else', async () => {
    const { recorder, save } = setUp()
    const age = (minutes: number) => earliestKeyId(base - minutes * MINUTE_MS) + 'z'
    const young = recorder.meterOf({ id: age(59), owner: 'ann' })
    const old = recorder.meterOf({ id: age(61), owner: 'ann' })
    const stored = async () => {
      save.mockClear()
      await recorder.flushYoung()
      return save.mock.calls.flatMap(([batch]) =>
        batch.counts.map(({ id, outcome, count }) => [id === young.key.id ? 'young' : 'old', outcome, count]),
      )
    }
    recorder.record(old, 'accepted', base)
    recorder.record(young, 'insufficient_scope', base)
    expect(await stored()).toEqual([['young', 'insufficient_scope', 1]])
    recorder.record(young, 'accepted', base + 1)
    expect(await stored()).toEqual([['young', 'accepted', 1]])
    recorder.record(young, 'accepted', base + 2)
    recorder.record(young, 'expired', base + 3)
    expect(await stored()).toEqual([])
    await recorder.flush()
    expect(told(save.mock.lastCall![0])).toHaveLength(3)
    expect(await stored()).toEqual([])
  })

  it('leaves young keys to the flush that is under way, or to the next after one that failed', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: earliestKeyId(base), owner: 'ann' })
    const answer = Promise.withResolvers<undefined>()
    save.mockReturnValueOnce(answer.promise)
    recorder.record(meter, 'accepted', base)
    const flushed = recorder.flush()
    recorder.record(meter, 'accepted', base + MINUTE_MS)
    await recorder.flushYoung()
    answer.reject(new Error('away'))
    await expect(flushed).rejects.toThrow('away')
    await recorder.flushYoung()
    expect(save).toHaveBeenCalledOnce()
    await recorder.flush()
    expect(save).toHaveBeenCalledTimes(3)
  })

  it('adds up several meters of one key, with the time and the address of the last use', async () => {
    const { recorder, save } = setUp()
    const [early, late] = [
      recorder.meterOf({ id: 'key', owner: 'ann' }),
      recorder.meterOf({ id: 'key', owner: 'ann' }),
    ]
    recorder.record(late, 'accepted', base + 500, { ip: '2001:db8::2' })
    recorder.record(early, 'accepted', base + 400, { ip: '192.0.2.1' })
    recorder.record(early, 'accepted', base + 300, { ip: '192.0.2.3' })
    recorder.record(late, 'disabled', base + 900, { ip: '192.0.2.4' })
    await recorder.flush()
    expect(save.mock.lastCall![0].counts).toEqual([
      expect.objectContaining({
        outcome: 'accepted',
        count: 3,
        lastUsedMs: base + 500,
        address: '2001:db8::2',
      }),
      expect.objectContaining({ outcome: 'disabled', count: 1, lastUsedMs: 0 }),
    ])
  })

  it('reads the address of a caller once a minute, and only when the key was accepted', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: 'key', owner: 'ann' })
    const ip = vi.fn(() => '192.0.2.1')
    const caller = Object.defineProperty({}, 'ip', { get: ip })
    recorder.record(meter, 'revoked', base, caller)
    expect(ip).not.toHaveBeenCalled()
    for (let i = 0; i < 10; i++) {
      recorder.record(meter, 'accepted', base + i, caller)
      if (i === 5) await recorder.flush()
    }
    expect(ip).toHaveBeenCalledOnce()
    await recorder.flush()
    expect(save.mock.lastCall![0].counts[0]).toMatchObject({ address: '192.0.2.1' })
    recorder.record(meter, 'accepted', base + MINUTE_MS, caller)
    expect(ip).toHaveBeenCalledTimes(2)
  })

  it('counts on when the clock steps back, and keeps the later last use', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: 'key', owner: 'ann' })
    for (const at of [70_000, 65_000, 10_000, 5_000, 61_000]) {
      recorder.record(meter, 'accepted', base + at)
    }
    await recorder.flush()
    const { counts } = save.mock.lastCall![0]
    expect(told(save.mock.lastCall![0])).toEqual(['key 1 accepted 3', 'key 0 accepted 2'])
    expect(counts.map(({ lastUsedMs }) => lastUsedMs - base)).toEqual([70_000, 10_000])
  })

  it('sends a batch that failed again as it was, before what came since', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: 'key', owner: 'ann' })
    save.mockRejectedValueOnce(new Error('away')).mockRejectedValueOnce(new Error('away'))
    recorder.record(meter, 'accepted', base)
    await expect(recorder.flush()).rejects.toThrow('away')
    recorder.record(meter, 'accepted', base + 1)
    await expect(recorder.flush()).rejects.toThrow('away')
    await recorder.flush()
    const [first, again, third, fourth] = save.mock.calls.map(([batch]) => structuredClone(batch))
    expect([again, third]).toEqual([first, first])
    expect(told(fourth)).toEqual(['key 0 accepted 1'])
    expect(fourth!.sequence).toBe(first!.sequence + 1)
    expect(save).toHaveBeenCalledTimes(4)
  })

  it('stores what was counted while a flush was under way before a later flush ends', async () => {
    const { recorder, save } = setUp()
    const meter = recorder.meterOf({ id: 'key', owner: 'ann' })
    const answer = Promise.withResolvers<void>()
    save.mockReturnValueOnce(answer.promise)
    recorder.record(meter, 'accepted', base)
    const first = recorder.flush()
    recorder.record(meter, 'accepted', base)
    const second = recorder.flush()
    expect(save).toHaveBeenCalledOnce()
    answer.resolve()
    await Promise.all([first, second])
    expect(save.mock.calls.map(([batch]) => told(batch))).toEqual([
      ['key 0 accepted 1'],
      ['key 0 accepted 1'],
    ])
  })

  it('keeps no meter while a flush is slow, only what they counted', async () => {
    const { recorder, save } = setUp()
    const answer = Promise.withResolvers<void>()
    save.mockReturnValueOnce(answer.promise)
    recorder.record(recorder.meterOf({ id: 'key', owner: 'ann' }), 'accepted', base)
    const flushed = recorder.flush()
    const meters = Array.from({ length: 3 }, () => recorder.meterOf({ id: 'key', owner: 'ann' }))
    for (const meter of meters) recorder.record(meter, 'accepted', base)
    void recorder.flush()
    expect(meters.map(({ accepted }) => accepted)).toEqual([0, 0, 0])
    answer.resolve()
    await flushed
    expect(told(save.mock.lastCall![0])).toEqual(['key 0 accepted 3'])
  })

  it('splits what is much into batches, each with a number of its own', async () => {
    const { recorder, save } = setUp()
    for (let i = 0; i < 600; i++)
      recorder.record(recorder.meterOf({ id: `key_${i}`, owner: 'ann' }), 'accepted', base)
    await recorder.flush()
    expect(save.mock.calls.map(([{ sequence, counts }]) => [sequence, counts.length])).toEqual([
      [1, 250],
      [2, 250],
      [3, 100],
    ])
  })

  it('stays small while the store is away: leaves out what comes last, says how much, and counts the rest on', async () => {
    const { recorder, save, onLost } = setUp()
    const known = recorder.meterOf({ id: 'known', owner: 'ann' })
    save.mockRejectedValueOnce(new Error('away')).mockRejectedValueOnce(new Error('away'))
    for (let i = 0; i < 250; i++)
      recorder.record(recorder.meterOf({ id: 'first', owner: 'ann' }), 'accepted', base + i * MINUTE_MS)
    await expect(recorder.flush()).rejects.toThrow('away')
    recorder.record(known, 'accepted', base)
    for (let i = 0; i < 100_100; i++)
      recorder.record(recorder.meterOf({ id: `key_${i}`, owner: 'ann' }), 'accepted', base)
    await expect(recorder.flush()).rejects.toThrow('away')
    const lost = 101
    expect(onLost.mock.calls).toEqual([[lost]])
    recorder.record(known, 'accepted', base)
    await recorder.flush()
    const counts = save.mock.calls.slice(2).flatMap(([batch]) => batch.counts)
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(250 + 1 + 100_100 - lost + 1)
    expect(counts).toHaveLength(250 + 100_000)
    expect(onLost).toHaveBeenCalledOnce()
  })
})
