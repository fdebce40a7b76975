import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createLatchkey } from '@latchkey/engine'
import { createFaultProxy, freshDatabase, testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'
import { hashBytes, hashSecret } from '../src/secret.ts'

const withFiles = testDatabases.filter(({ name }) => name !== 'PGlite in memory')

describe.each(withFiles)('secrets at rest on $name', ({ create, name }) => {
  const db = useDatabase(create)

  it('are nowhere: not in a table, a file or an error, only their hash and their beginning are', async () => {
    const latchkey = await db.latchkey()
    const owner = anOwner()
    const secrets: string[] = []
    const idempotencyKeys: string[] = []
    for (let i = 0; i < 100; i++) {
      const idempotencyKey = crypto.randomUUID()
      const created = must(await latchkey.keys.create(owner, ann, { name: `k${i}`, idempotencyKey }))
      must(await latchkey.keys.create(owner, ann, { name: `k${i}`, idempotencyKey }))
      await latchkey.verify(created.secret)
      secrets.push(created.secret)
      idempotencyKeys.push(idempotencyKey)
    }
    const [first] = secrets as [string]
    await latchkey.keys.list(owner, { q: first })
    await latchkey.close()

    const dump = await dumpEverything()
    // A dump in which nothing could be found would prove nothing.
    expect(dump).toContain(first.slice(0, 'lk_live_a1B2'.length))
    expect(dump).toContain(hashBytes(hashSecret(first)).toString('hex'))
    for (const secret of secrets) {
      expect(dump).not.toContain(secret.slice('lk_live_a1B2'.length))
    }
    for (const idempotencyKey of idempotencyKeys) expect(dump).not.toContain(idempotencyKey)
  })

  /** Every row of every table of every schema, and the files below, write-ahead log included. */
  async function dumpEverything(): Promise<string> {
    const { drizzle } = db.database
    const tables = await drizzle
      .select({ name: sql<string>`format('%I.%I', table_schema, table_name)` })
      .from(sql`information_schema.tables`)
      .where(sql`table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
    let dump = ''
    for (const table of tables) {
      const rows = await drizzle
        .select({ row: sql<string>`to_jsonb(t)::text` })
        .from(sql.raw(`${table.name} as t`))
      dump += rows.map(({ row }) => row).join('\n')
    }
    await drizzle.execute(sql`checkpoint`)
    return dump + (name === 'Postgres' ? await readServerFiles() : readFiles(db.target, 'database/**'))
  }

  /** The files of this database and the write-ahead log of all; none of a server on another machine. */
  async function readServerFiles(): Promise<string> {
    const [server] = await db.database.query<{ folder: string; database: string }>(
      `select current_setting('data_directory') as folder, oid::text as database
        from pg_database where datname = current_database()`,
      [],
    )
    const { folder, database } = server!
    return readFiles(folder, `{base/${database},pg_wal}/*`)
  }
})

function readFiles(folder: string, pattern: string): string {
  return globSync(pattern, { cwd: folder, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n')
}

it('no secret and no Idempotency-Key crosses the wire to the database', async () => {
  const { url, drop } = await freshDatabase()
  const sent: Buffer[] = []
  const proxy = await createFaultProxy(url, (bytes) => sent.push(bytes))
  const latchkey = await createLatchkey({ database: proxy.url })
  const owner = anOwner()
  const idempotencyKey = crypto.randomUUID()
  const { secret, apiKey } = must(
    await latchkey.keys.create(owner, ann, { name: 'a-canary', idempotencyKey }),
  )
  must(await latchkey.keys.create(owner, ann, { name: 'a-canary', idempotencyKey }))
  await latchkey.verify(secret)
  must(await latchkey.keys.list(owner, { q: secret }))
  must(await latchkey.keys.revoke(owner, ann, apiKey.id))
  await latchkey.close()
  await proxy.close()
  await drop()

  const traffic = Buffer.concat(sent).toString('latin1')
  expect(traffic).toContain('a-canary')
  expect(traffic).toContain(apiKey.start)
  expect(traffic).not.toContain(secret.slice(apiKey.start.length))
  expect(traffic).not.toContain(idempotencyKey)
})

it('no secret stays in memory once it was verified, though its key is cached', async () => {
  const { url, drop } = await freshDatabase()
  const script = new URL('verify-and-dump-heap.ts', import.meta.url).pathname
  const options = ['--conditions=@latchkey/source', '--expose-gc', script, url]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = await text(child.stdout)
  await drop()

  const heapAt = output.indexOf('{"snapshot"')
  const secrets = output.slice(0, heapAt).trim().split('\n')
  const heap = output.slice(heapAt)
  expect(secrets).toHaveLength(50)
  expect(heap).toContain('name of a cached key 49')
  for (const secret of secrets) expect(heap).not.toContain(secret.slice('lk_live_a1B2'.length))
})
