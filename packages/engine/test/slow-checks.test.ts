import { pbkdf2Sync } from 'node:crypto'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { StoreUnavailable } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { createSlowChecks } from '../src/slow-checks.ts'
import { parseBcrypt } from '../src/slow-hash.ts'
import { allImports, randomText } from './foreign-keys.ts'
import { ann, must, useDatabase } from './set-up.ts'

const slowHash = parseBcrypt(`$2b$12$${'a'.repeat(53)}`)!

/** Checks that end when they are told to. */
function setUp(options: { maxRunning?: number; maxWaiting?: number; deadlineMs?: number } = {}) {
  const started: string[] = []
  const ends: (() => void)[] = []
  const check = createSlowChecks({
    maxRunning: 2,
    ...options,
    check: (text) =>
      new Promise((resolve) => {
        started.push(text)
        ends.push(() => resolve(text === 'right'))
      }),
  })
  return {
    started,
    check,
    endOne: async () => {
      ends.shift()!()
      await setImmediate()
    },
  }
}

describe('checks of slow hashes', () => {
  it('go on a few at once, and those of suspects when nobody else waits', async () => {
    const { check, started, endOne } = setUp()
    const first = check('right', slowHash, true)
    const others = [
      check('wrong', slowHash, false),
      check('suspect', slowHash, true),
      check('late', slowHash, false),
      check('later', slowHash, false),
    ]
    expect(started).toEqual(['right', 'wrong'])
    await endOne()
    expect(await first).toBe(true)
    expect(started).toEqual(['right', 'wrong', 'late'])
    await endOne()
    await endOne()
    expect(started).toEqual(['right', 'wrong', 'late', 'later', 'suspect'])
    await endOne()
    await endOne()
    expect(await Promise.all(others)).toEqual([false, false, false, false])
  })

  it('are refused when too many wait, with no word about the key', async () => {
    const { check, endOne } = setUp({ maxRunning: 1, maxWaiting: 2 })
    const kept = [1, 2, 3].map(() => check('right', slowHash, false))
    await expect(check('right', slowHash, false)).rejects.toBeInstanceOf(StoreUnavailable)
    const suspect = check('right', slowHash, true)
    for (let i = 0; i < 4; i++) await endOne()
    expect(await Promise.all([...kept, suspect])).toEqual([true, true, true, true])
  })

  it('are refused when they waited too long', async () => {
    const { check, endOne, started } = setUp({ maxRunning: 1, deadlineMs: 20 })
    const first = check('right', slowHash, false)
    const second = check('right', slowHash, false)
    const refused = expect(second).rejects.toBeInstanceOf(StoreUnavailable)
    await setTimeout(50)
    await endOne()
    await refused
    expect(await first).toBe(true)
    expect(started).toHaveLength(1)
  })

  it('go on after one that failed', async () => {
    const check = createSlowChecks({
      maxRunning: 1,
      check: (text) => (text === 'fails' ? Promise.reject(new Error('no bcrypt')) : Promise.resolve(true)),
    })
    const failed = expect(check('fails', slowHash, false)).rejects.toThrow('no bcrypt')
    expect(await check('right', slowHash, false)).toBe(true)
    await failed
  })
})

describe('a slow first use', () => {
  const db = useDatabase(testDatabases[0]!.create)

  it('keeps nobody else waiting', async () => {
    const latchkey = await db.latchkey({ imports: allImports })
    const [start, salt] = [randomText(8), randomText(16)]
    const text = `${start}.${randomText(32)}`
    const iterations = 2_000_000
    const startedAt = performance.now()
    const tag = pbkdf2Sync(text, salt, iterations, 32, 'sha256').toString('base64')
    const slowMs = performance.now() - startedAt
    const hash = `pbkdf2_sha256$${iterations}$${salt}$${tag}`
    await latchkey.imports.run(ann, [{ owner: 'o', name: 'n', format: 'drf-api-key', start, hash }])
    const { secret } = must(await latchkey.keys.create('o', ann, { name: 'Its own' }))

    let isDone = false
    const slow = latchkey.verify(text) as Promise<unknown>
    void slow.then(() => (isDone = true))
    let verdicts = 0
    let longestMs = 0
    while (!isDone) {
      const askedAt = performance.now()
      expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
      await setImmediate()
      longestMs = Math.max(longestMs, performance.now() - askedAt)
      verdicts++
    }
    expect(await slow).toMatchObject({ ok: true })
    expect(verdicts).toBeGreaterThan(100)
    expect(longestMs).toBeLessThan(slowMs / 2)
  })
})
