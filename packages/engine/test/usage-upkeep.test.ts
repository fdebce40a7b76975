import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepUsage } from '../src/usage-upkeep.ts'

const DAY_MS = 86_400_000
const now = Date.parse('2026-11-22T12:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => vi.useRealTimers())

function setUp() {
  const flush = vi.fn<() => Promise<void>>(async () => undefined)
  const flushYoung = vi.fn<() => Promise<void>>(async () => undefined)
  const sweep = vi.fn<(keptSinceMs: object) => Promise<boolean>>(async () => false)
  const onError = vi.fn<(error: Error) => void>()
  const stop = keepUsage({
    recorder: { flush, flushYoung } as never,
    store: { sweep } as never,
    usageRetentionDays: { minute: 1, quarterHour: 2, day: 3 },
    now: () => now,
    onError,
  })
  /** Lets intervals pass, and what they begin end. */
  async function pass(intervals: number): Promise<void> {
    for (let i = 0; i < intervals; i++) {
      vi.advanceTimersByTime(10_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { flush, flushYoung, sweep, onError, stop, pass }
}

describe('the upkeep of usage', () => {
  it('flushes every ten seconds until it is stopped, and then once more', async () => {
    const { flush, stop, pass } = setUp()
    await pass(3)
    expect(flush).toHaveBeenCalledTimes(3)
    await stop()
    expect(flush).toHaveBeenCalledTimes(4)
    await pass(3)
    expect(flush).toHaveBeenCalledTimes(4)
  })

  it('looks twice a second for what young keys have begun to count, and tells of trouble', async () => {
    const { flushYoung, onError, stop, pass } = setUp()
    flushYoung.mockRejectedValueOnce(new Error('no young flush'))
    await pass(1)
    expect(flushYoung).toHaveBeenCalledTimes(20)
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('no young flush'))
    await stop()
    await pass(1)
    expect(flushYoung).toHaveBeenCalledTimes(20)
  })

  it('sweeps soon, at once again while there is more, and then each hour', async () => {
    const { sweep, stop, pass } = setUp()
    sweep.mockResolvedValueOnce(true).mockResolvedValueOnce(true)
    await pass(3)
    expect(sweep).toHaveBeenCalledTimes(3)
    await pass(360)
    expect(sweep).toHaveBeenCalledTimes(3)
    await pass(1)
    expect(sweep).toHaveBeenCalledTimes(4)
    const midnight = Date.parse('2026-11-22T00:00:00Z')
    // A day more than is set, so that the days of every time zone are whole.
    expect(sweep).toHaveBeenLastCalledWith({
      minute: midnight - 2 * DAY_MS,
      quarterHour: midnight - 3 * DAY_MS,
      day: midnight - 4 * DAY_MS,
    })
    await stop()
  })

  it('tells of trouble and goes on', async () => {
    const { flush, sweep, onError, stop, pass } = setUp()
    flush.mockRejectedValueOnce(new Error('no flush'))
    sweep.mockRejectedValueOnce(new Error('no sweep'))
    await pass(2)
    expect(sweep).toHaveBeenCalledOnce()
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual(['no flush', 'no sweep'])
    flush.mockRejectedValueOnce(new Error('no last flush'))
    await stop()
    expect(onError).toHaveBeenLastCalledWith(new Error('no last flush'))
  })

  it('stops only when what is under way has ended', async () => {
    const { sweep, stop, pass } = setUp()
    const answer = Promise.withResolvers<boolean>()
    sweep.mockReturnValueOnce(answer.promise)
    await pass(5)
    expect(sweep).toHaveBeenCalledOnce()
    let isStopped = false
    const stopping = stop().then(() => (isStopped = true))
    await pass(1)
    expect(isStopped).toBe(false)
    answer.resolve(false)
    await stopping
  })
})
