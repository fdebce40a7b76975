import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepPurging } from '../src/purge-upkeep.ts'

const now = Date.parse('2026-11-22T12:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => vi.useRealTimers())

function setUp(revokedKeyRetentionDays: number | null = 90) {
  const purge = vi.fn<(revokedBefore: Date, now: Date) => Promise<boolean>>(async () => false)
  const onError = vi.fn<(error: Error) => void>()
  const stop = keepPurging({ store: { purge }, revokedKeyRetentionDays, now: () => now, onError })
  /** Lets intervals pass, and what they begin end. */
  async function pass(intervals: number): Promise<void> {
    for (let i = 0; i < intervals; i++) {
      vi.advanceTimersByTime(10_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { purge, onError, stop, pass }
}

describe('the upkeep of revoked keys', () => {
  it('purges soon, every ten seconds while there is more, and then each hour, until it is stopped', async () => {
    const { purge, stop, pass } = setUp()
    purge.mockResolvedValueOnce(true).mockResolvedValueOnce(true)
    await pass(3)
    expect(purge).toHaveBeenCalledTimes(3)
    await pass(360)
    expect(purge).toHaveBeenCalledTimes(3)
    await pass(1)
    expect(purge).toHaveBeenCalledTimes(4)
    expect(purge).toHaveBeenLastCalledWith(new Date('2026-08-24T12:00:00Z'), new Date(now))
    await stop()
    await pass(400)
    expect(purge).toHaveBeenCalledTimes(4)
  })

  it('keeps everything for ever when told so', async () => {
    const { purge, stop, pass } = setUp(null)
    await pass(400)
    expect(purge).not.toHaveBeenCalled()
    await stop()
  })

  it('tells of trouble and goes on, and stops only when what is under way has ended', async () => {
    const { purge, onError, stop, pass } = setUp()
    purge.mockRejectedValueOnce(new Error('no purge'))
    await pass(1)
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('no purge'))
    const answer = Promise.withResolvers<boolean>()
    purge.mockReturnValueOnce(answer.promise)
    await pass(2)
    expect(purge).toHaveBeenCalledTimes(2)
    let isStopped = false
    const stopping = stop().then(() => (isStopped = true))
    await pass(1)
    expect(isStopped).toBe(false)
    answer.resolve(false)
    await stopping
  })
})
