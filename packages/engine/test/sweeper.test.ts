import { expect, it, vi } from 'vitest'
import { createSweeper } from '../src/postgres/sweeper.ts'

it('sweeps, a minute later, what was over then; on with the same until all is gone; and for each server anew', async () => {
  const sweep = vi.fn((_oldestOpen: string) => Promise.resolve(true))
  let now = 0
  const afterReading = createSweeper({ sweep, monotonicNow: () => now })
  const read = async (at: number, oldestOpen: string, server = 'a') => {
    now = at
    sweep.mockClear()
    await afterReading({ oldestOpen, server })
    return sweep.mock.calls.flat()
  }

  expect(await read(0, '100')).toEqual([])
  expect(await read(59_999, '160')).toEqual([])
  sweep.mockResolvedValueOnce(false)
  expect(await read(60_000, '161')).toEqual(['100'])
  sweep.mockResolvedValueOnce(true)
  expect(await read(61_000, '162')).toEqual(['100'])
  expect(await read(62_000, '163')).toEqual([])
  expect(await read(120_999, '220')).toEqual([])
  expect(await read(121_000, '221')).toEqual(['162'])

  expect(await read(200_000, '7', 'b')).toEqual([])
  expect(await read(259_999, '60', 'b')).toEqual([])
  expect(await read(260_000, '61', 'b')).toEqual(['7'])
})
