import { once } from 'node:events'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { createLatchkey } from '@latchkey/engine'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run, start } from './program.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const latchkey = await createLatchkey({ database: database.url })
  const actor = { id: 'ann', name: null }
  // More than a pipe holds.
  for (let i = 0; i < 200; i++) {
    await latchkey.keys.create('acme', actor, { name: `key ${i}`, metadata: { text: 'x'.repeat(500) } })
  }
  await latchkey.close()
})
afterAll(() => database.drop())

/** Runs the program while nobody reads what it prints. */
async function unread(args: readonly string[]) {
  const child = start(args, { env: { DATABASE_URL: database.url } })
  child.stdout!.destroy()
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, stderr }
}

it('stops without a word when whoever reads a list has stopped, as head does', async () => {
  expect(await unread(['list', '--owner', 'acme', '--json'])).toEqual({ code: 141, signal: null, stderr: '' })
})

it('says what to do when nobody read a new secret', async () => {
  const { code, stderr } = await unread(['create', 'Unread', '--owner', 'acme'])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /Error: Nobody read the new secret of key_\w+, and it cannot be shown again\. Rotate the key/,
  )
})

it('writes a long list whole, and no colours where no terminal is', async () => {
  const { code, stdout } = await run(['list', '--owner', 'acme', '--json'], {
    env: { DATABASE_URL: database.url },
  })
  expect(code).toBe(0)
  expect((JSON.parse(stdout) as { data: unknown[] }).data.length).toBeGreaterThanOrEqual(200)
  const words = await run(['list', '--owner', 'acme', '--limit', '3'], {
    env: { DATABASE_URL: database.url },
  })
  expect(words.stdout).not.toContain('\u001b')
  expect(words.stdout.trimEnd().split('\n')).toHaveLength(4)
})
