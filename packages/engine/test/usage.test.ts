import { describe, expect, it, vi } from 'vitest'
import { createUsageRecorder, type LastUses } from '../src/usage.ts'
import { prepareKey } from '../src/verdict.ts'
import { aKey } from './a-key.ts'

const first = prepareKey(aKey({ id: 'key_1' }))
const second = prepareKey(aKey({ id: 'key_2' }))

describe('the usage recorder', () => {
  it('saves the last use of each key, together, and nothing when nothing happened', async () => {
    const save = vi.fn<(uses: LastUses) => Promise<void>>(async () => undefined)
    const usage = createUsageRecorder(save)
    usage.record(first, 1)
    usage.record(second, 2)
    usage.record(first, 3)
    await usage.flush()
    await usage.flush()
    expect(save.mock.calls).toEqual([
      [
        new Map([
          ['key_1', 3],
          ['key_2', 2],
        ]),
      ],
    ])
  })

  it('keeps what could not be saved, under what came since', async () => {
    const save = vi.fn<(uses: LastUses) => Promise<void>>(async () => undefined)
    const usage = createUsageRecorder(save)
    save.mockImplementationOnce(async () => {
      usage.record(first, 5)
      throw new Error('away')
    })
    usage.record(first, 1)
    usage.record(second, 2)
    await expect(usage.flush()).rejects.toThrow('away')
    await usage.flush()
    expect(save.mock.lastCall).toEqual([
      new Map([
        ['key_1', 5],
        ['key_2', 2],
      ]),
    ])
  })

  it('stays small while the store is away', async () => {
    const save = vi.fn<(uses: LastUses) => Promise<void>>(async () => undefined)
    const usage = createUsageRecorder(save)
    for (let i = 0; i < 60_000; i++) usage.record(prepareKey(aKey({ id: `key_${i}` })), i)
    await usage.flush()
    expect(save.mock.lastCall![0].size).toBe(50_000)
  })
})
