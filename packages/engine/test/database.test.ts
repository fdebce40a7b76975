import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../src/postgres/folder-lock.ts'

describe.each(testDatabases)('a database: $name', ({ create }) => {
  it('passes on what is sent to a channel, until asked to stop, and closes as often as asked', async () => {
    const made = await create()
    const database = await openDatabase(made.target)
    const heard: string[] = []
    let began = 0
    const stop = await database.listen(
      'some_channel',
      (payload) => heard.push(payload),
      () => (began += 1),
    )
    expect(began).toBe(1)
    await database.drizzle.execute(sql`select pg_notify('some_channel', 'first')`)
    await expect.poll(() => heard).toEqual(['first'])
    await stop()
    await database.drizzle.execute(sql`select pg_notify('some_channel', 'second')`)
    await Promise.all([database.close(), database.close()])
    expect(heard).toEqual(['first'])
    await made.remove()
  })
})

describe('openDatabase', () => {
  it.each(['mysql://localhost/db', 'http://localhost', 'file:///tmp/x'])(
    'refuses %s, which is no database',
    async (target) => {
      await expect(openDatabase(target)).rejects.toThrow(
        'A database is a postgres:// URL, a folder, or "memory:".',
      )
    },
  )
})

describe('a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-folder-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const lockOf = (holder: object) => writeFile(join(folder, 'lock'), JSON.stringify(holder))

  it('is for one database at a time, keeps what was written, and leaves no lock behind', async () => {
    const data = join(folder, 'new', 'data')
    const database = await openDatabase(data)
    expect((await stat(data)).mode & 0o777).toBe(0o700)
    await database.drizzle.execute(sql`create table kept (value text)`)
    await database.drizzle.execute(sql`insert into kept values ('still here')`)
    await expect(openDatabase(data)).rejects.toThrow(`The folder ${data} is in use by another process`)
    await database.close()
    expect(await readdir(data)).toEqual(['database'])

    const again = await openDatabase(data)
    const rows = await again.drizzle.select({ value: sql<string>`value` }).from(sql`kept`)
    expect(rows).toEqual([{ value: 'still here' }])
    await again.close()
  })

  it('is refused in one line while a living process has it', async () => {
    const other = spawn('sleep', ['60'])
    await lockOf({ pid: other.pid, token: 'x', host: hostname() })
    const error = await lockFolder(folder).catch((reason: Error) => reason)
    expect((error as Error).message).toMatch(
      new RegExp(`^The folder ${folder} is in use by another process \\(${other.pid} on .*$`),
    )
    other.kill('SIGKILL')
    await once(other, 'exit')
    await (
      await lockFolder(folder)
    )()
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    [
      'by an earlier process that had the same id',
      { pid: process.pid, token: 'of another life', host: hostname() },
    ],
    ['half written', {}],
  ])('is taken over when its lock was left behind %s', async (_, holder) => {
    await lockOf(holder)
    const unlock = await lockFolder(folder)
    expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    await unlock()
    expect(await readdir(folder)).toEqual([])
  })

  it('is not taken from another machine, whose processes cannot be seen', async () => {
    await lockOf({ pid: 999_999_999, token: 'x', host: 'another-machine' })
    await expect(lockFolder(folder)).rejects.toThrow(
      'in use by another process (999999999 on another-machine)',
    )
  })

  it('goes to exactly one of many who find the same stale lock', async () => {
    await lockOf({ pid: 999_999_999, token: 'x', host: hostname() })
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['lock'])
  })
})
