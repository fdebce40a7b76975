import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLatchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { must } from './set-up.ts'

const durable = testDatabases.filter(({ name }) => name !== 'PGlite in memory')

describe.each(durable)('after kill -9 in the middle of creates on $name', ({ create }) => {
  it('has every key whose create was acknowledged, and opens again at once, time after time', async () => {
    const made = await create()
    const acknowledged: string[] = []
    for (const untilKilled of [1, 40, 150]) {
      acknowledged.push(...(await createUntilKilled(made.target, untilKilled)))
      const openedAt = performance.now()
      const latchkey = await createLatchkey({ database: made.target })
      expect(performance.now() - openedAt).toBeLessThan(10_000)
      for (const secret of acknowledged) {
        expect(await latchkey.verify(secret)).toMatchObject({ ok: true, key: { owner: 'owner' } })
      }
      must(await latchkey.keys.list('owner', { limit: 100 }))
      await latchkey.close()
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(191)
    await made.remove()
  }, 90_000)
})

/** Runs creates in a process of their own and kills it, at no special moment, once it has acknowledged this many. */
async function createUntilKilled(target: string, count: number): Promise<string[]> {
  const script = new URL('create-keys-for-ever.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@latchkey/source', script, target, 'owner'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (printed.split('\n').length > count) child.kill('SIGKILL')
  })
  const [exit] = await Promise.all([once(child, 'exit'), once(child.stdout, 'close')])
  expect(exit).toEqual([null, 'SIGKILL'])
  return printed.split('\n').slice(0, -1)
}
