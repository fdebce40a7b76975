import { createLatchkey } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { aFolder, run } from './program.ts'

interface Report {
  ok: boolean
  checks: { name: string; status: string; message: string; details?: Record<string, unknown> }[]
}

let database: FreshDatabase
beforeEach(async () => {
  database = await freshDatabase()
})
afterEach(() => database.drop())

async function examine(url = database.url, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await run(['doctor', '--json'], {
    cwd: aFolder(),
    env: { DATABASE_URL: url, ...env },
  })
  expect(stderr).toBe('')
  const { ok, checks } = JSON.parse(stdout) as Report
  const of = (name: string) => checks.find((check) => check.name === name)
  return {
    code,
    ok,
    checks,
    of,
    failed: checks.filter(({ status }) => status === 'failed').map(({ name }) => name),
  }
}

async function migrated(): Promise<void> {
  expect((await run(['migrate', '--database', database.url])).code).toBe(0)
}

const asServer = (work: (sql: postgres.Sql) => Promise<unknown>) => onServer(database.url, work)

async function onServer(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  await work(sql).finally(() => sql.end())
}

/** The same database as another role, which may do what is granted to it. */
async function asRole(...grants: string[]): Promise<string> {
  const role = `doctor_${Math.random().toString(36).slice(2)}`
  await asServer(async (sql) => {
    await sql.unsafe(`create role ${role} login password 'p'`)
    for (const grant of grants) await sql.unsafe(`grant ${grant} to ${role}`)
  })
  // The database, and with it what was granted, is gone by then.
  onTestFinished(() => onServer(process.env['TEST_DATABASE_URL']!, (sql) => sql.unsafe(`drop role ${role}`)))
  const url = new URL(database.url)
  url.username = role
  url.password = 'p'
  return url.href
}

it('finds nothing wrong with a database that is as it must be, and counts the nodes that live', async () => {
  await migrated()
  const nodes = await Promise.all([
    createLatchkey({ database: database.url }),
    createLatchkey({ database: database.url }),
    createLatchkey({ database: database.url, namespace: 'other' }),
  ])
  const report = await examine().finally(() => Promise.all(nodes.map((node) => node.close())))
  expect(report).toMatchObject({ code: 0, ok: true, failed: [] })
  expect(report.of('database')).toMatchObject({
    status: 'ok',
    message: expect.stringMatching(
      /^PostgreSQL \d+\.\d+, latchkey_test_\w+ at 127\.0\.0\.1:\d+, answers in/,
    ) as string,
  })
  expect(report.of('clock')).toMatchObject({ status: 'ok' })
  expect(report.of('migrations')).toMatchObject({ status: 'ok', details: { pending: [] } })
  expect(report.of('notifications')).toMatchObject({ status: 'ok', details: { outcome: 'heard' } })
  // The tests' own role.
  expect(report.of('role')).toMatchObject({ status: 'warning', details: { isSuperuser: true, lacks: [] } })
  expect(report.of('nodes')).toMatchObject({ details: { namespace: 'default', nodes: 2 } })

  const { code, stdout } = await run(['doctor'], { cwd: aFolder(), env: { DATABASE_URL: database.url } })
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^ok +config +No latchkey.config.ts here[^]*^ok +database +PostgreSQL[^]*^warning +role/m,
  )
  expect(stdout).not.toContain(new URL(database.url).password)
})

it('ends with 1 while migrations are pending, and names them', async () => {
  const report = await examine()
  expect(report).toMatchObject({ code: 1, ok: false, failed: ['migrations'] })
  expect(report.of('migrations')!.message).toMatch(
    /at version 0 of \d+; keys, changes, .* pending\. Run: latchkey migrate$/,
  )
})

it('ends with 1 when a newer Latchkey has migrated the database, as other commands do', async () => {
  await migrated()
  await asServer((sql) => sql`insert into latchkey.migrations (version, name) values (9999, 'future')`)
  expect(await examine()).toMatchObject({ code: 1, failed: ['migrations'] })
  const listed = await run(['list', '--owner', 'a', '--database', database.url])
  expect(listed).toMatchObject({ code: 1, stdout: '' })
  expect(listed.stderr).toMatch(
    /at version 9999, and this latchkey knows only \d+\. Update @latchkey\/cli\.$/m,
  )
})

it.each([
  [3_600_000, 'failed', 1, /3600\.\d seconds behind/],
  [-5_000, 'warning', 0, /[45]\.\d seconds ahead of/],
])('sees that the clock of this machine is %d ms ahead', async (aheadMs, status, code, words) => {
  await migrated()
  const shifted = `const now=Date.now;Date.now=()=>now()+(${aheadMs})`
  const report = await examine(database.url, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}`,
  })
  expect(report.code).toBe(code)
  expect(report.of('clock')).toMatchObject({ status, message: expect.stringMatching(words) as string })
})

it('names each right that the role lacks, and says when it may not migrate', async () => {
  await migrated()
  const all = 'select, insert, update, delete on all tables in schema latchkey'
  const poor = await examine(await asRole())
  expect(poor).toMatchObject({ code: 1 })
  expect(poor.of('role')!.details!['lacks']).toContain('usage on schema latchkey')

  const url = await asRole('usage on schema latchkey', all)
  const fine = await examine(url)
  expect(fine).toMatchObject({ code: 0, failed: [] })
  expect(fine.of('role')).toMatchObject({ status: 'ok', details: { mayMigrate: false, lacks: [] } })

  // The trail is written by triggers; whoever serves keys need only read it.
  const { username } = new URL(url)
  await asServer((sql) =>
    sql.unsafe(
      `revoke insert, update, delete on latchkey.audit_events, latchkey.audit_chains from ${username}`,
    ),
  )
  expect(await examine(url)).toMatchObject({ code: 0, failed: [] })

  await asServer((sql) => sql.unsafe(`revoke insert on latchkey.changes from ${username}`))
  const lacking = await examine(url)
  expect(lacking).toMatchObject({ code: 1, failed: ['role'] })
  expect(lacking.of('role')!.message).toContain('lacks insert on latchkey.changes.')
})

it('sees a database in which nothing can be written', async () => {
  await migrated()
  const report = await examine(`${database.url}?default_transaction_read_only=on`)
  expect(report).toMatchObject({ code: 1, failed: ['database'] })
  expect(report.of('database')!.message).toContain('Name the primary')
})

it('ends with 3 when the database cannot be reached, with the report', async () => {
  const report = await examine('postgres://app:open-sesame@127.0.0.1:1/keys')
  expect(report).toMatchObject({ code: 3, ok: false, failed: ['database'] })
  expect(report.of('database')!.message).toContain('Is the server running')
})
