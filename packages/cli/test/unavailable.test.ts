import { freshDatabase } from '@latchkey/testing'
import { createLatchkey } from '@latchkey/engine'
import { expect, it, onTestFinished } from 'vitest'
import { aFolder, run } from './program.ts'

const list = ['list', '--owner', 'acme']

async function told(database: string, args = list) {
  const { code, stdout, stderr } = await run([...args, '--json'], {
    cwd: aFolder(),
    env: { DATABASE_URL: database },
  })
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } }
  expect(stdout).toBe('')
  return { exit: code, ...error }
}

it('ends with 3 when the server is down, and says where it is, never by which password', async () => {
  const error = await told('postgres://app:swordfish-sesame@127.0.0.1:1/keys')
  expect(error).toMatchObject({ exit: 3, code: 'unavailable' })
  expect(error.message).toContain('"keys" at 127.0.0.1:1')
  expect(error.message).toContain('Is the server running, and is the port right?')
  expect(error.message).not.toContain('sesame')
})

it('says so when the password is wrong, or the database does not exist', async () => {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  const wrong = new URL(url)
  wrong.password = 'open-sesame'
  const refused = await told(wrong.href)
  expect(refused).toMatchObject({
    exit: 3,
    message: expect.stringContaining('The user or the password is wrong.') as string,
  })
  expect(refused.message).not.toContain('sesame')
  const absent = new URL(url)
  absent.pathname = '/no_such_database'
  expect(await told(absent.href)).toMatchObject({
    exit: 3,
    message: expect.stringContaining('There is no database of that name') as string,
  })
})

it.each([
  'postgres://app:swordfish/sesame@127.0.0.1:5432/keys',
  'postgres://app:swordfish#sesame@127.0.0.1:5432/keys',
  'postgres://app:swordfish?sesame@127.0.0.1:5432/keys',
  'postgres://app:swordfish@sesame@127.0.0.1:5432/keys',
  'postgres://app:swordfish%sesame@127.0.0.1:5432/keys',
  'postgres://app:swordfish-sesame@127.0.0.1:port/keys',
  'postgres://app:swordfish-sesame@127.0.0.1:5432/keys?no_such_setting',
])('never repeats a part of the password in %s', async (url) => {
  const error = await told(url)
  expect(error.message).not.toMatch(/sesame|swordfish/)
})

it('makes no database but by migrate, and says how', async () => {
  expect(await told('./nothing-here')).toMatchObject({
    exit: 3,
    message:
      'There is no database in the folder ./nothing-here. Set DATABASE_URL or --database, or make one there: latchkey migrate',
  })
})

it('changes no schema but by migrate, and says how', async () => {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  const error = await told(url)
  expect(error).toMatchObject({ exit: 1, code: 'pending_migrations' })
  expect(error.message).toMatch(/at version 0 of \d+, and lacks keys, .*\. Run: latchkey migrate$/)
})

it('says who holds the folder of a server that runs', async () => {
  const folder = aFolder()
  const server = await createLatchkey({ database: folder })
  onTestFinished(() => server.close())
  const error = await told(folder)
  expect(error).toMatchObject({ exit: 3, code: 'unavailable' })
  expect(error.message).toContain(`in use by another process (${process.pid}`)
  expect(error.message).toContain('manage its keys by its own routes')
})
