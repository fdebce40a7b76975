import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
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
    const listening = await database.listen!('some_channel', (payload) => heard.push(payload))
    await database.drizzle.execute(sql`select pg_notify('some_channel', 'first')`)
    await expect.poll(() => heard).toEqual(['first'])
    await listening.ping()
    await listening.close()
    await listening.ended
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

  /** Leaves the lock that a process with this id, begun then, would leave. */
  const leaveLock = (pid: number | undefined, { startedAt = '1', host = hostname() } = {}) =>
    writeFile(join(folder, `lock.${pid}.${startedAt}.0123456789abcdef.01234567@${host}`), '')

  it('lets nobody else read the files, even in a folder that everyone may enter', async () => {
    await chmod(folder, 0o755)
    await (await openDatabase(folder)).close()
    expect((await stat(join(folder, 'database'))).mode & 0o777).toBe(0o700)
    expect((await stat(folder)).mode & 0o777).toBe(0o755)
  })

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

  it('is refused in one line, left as it is and given back when its files do not open', async () => {
    const files = join(folder, 'database')
    await mkdir(files)
    await writeFile(join(files, 'PG_VERSION'), '15\n')
    await expect(openDatabase(folder)).rejects.toThrow(
      `The database in ${files} does not open: its files are damaged, or another version of Postgres made them.`,
    )
    expect(await readdir(folder)).toEqual(['database'])
    expect(await readFile(join(files, 'PG_VERSION'), 'utf8')).toBe('15\n')
  })

  it('is refused in one line while another process has it, and free as soon as that one is killed', async () => {
    const script = new URL('hold-folder.ts', import.meta.url).pathname
    const other = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(other.stdout, 'data')
    const error = await lockFolder(folder).catch((reason: Error) => reason)
    expect((error as Error).message).toMatch(
      new RegExp(`^The folder ${folder} is in use by another process \\(${other.pid} on .*$`),
    )
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect(await readdir(folder)).toHaveLength(1)
    await (
      await lockFolder(folder)
    )()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over when the id of the process that held it now belongs to another', async () => {
    await leaveLock(process.ppid)
    await (
      await lockFolder(folder)
    )()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over from an earlier process that had the same id', async () => {
    await leaveLock(process.pid)
    const unlock = await lockFolder(folder)
    expect(await readdir(folder)).toHaveLength(1)
    await unlock()
    expect(await readdir(folder)).toEqual([])
  })

  it('is not taken from another machine, whose processes cannot be seen', async () => {
    await leaveLock(999_999_999, { host: 'another-machine' })
    await expect(lockFolder(folder)).rejects.toThrow(
      'in use by another process (999999999 on another-machine)',
    )
  })

  it('goes to exactly one of many who find the same stale lock, however they interleave', async () => {
    for (let round = 0; round < 6; round++) {
      await leaveLock(999_999_999)
      const attempts = Array.from({ length: 6 }, async (_, i) => {
        for (let turn = 0; turn < (round * i) % 7; turn++) await setImmediate()
        return lockFolder(folder)
      })
      const results = await Promise.allSettled(attempts)
      const winners = results.filter((result) => result.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      await winners[0]!.value()
      expect(await readdir(folder)).toEqual([])
    }
  })
})
