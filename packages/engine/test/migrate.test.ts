import { fork } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createLatchkey, migrate, openDatabase, type Database } from '@latchkey/engine'
import { freshDatabase, testDatabases } from '@latchkey/testing'
import { getTableColumns, getTableName, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertMigrated, type Migration } from '../src/postgres/migrate.ts'
import { migrations } from '../src/postgres/migrations/index.ts'
import {
  changeAcks,
  changes,
  idempotency,
  keys,
  lastUsed,
  nodes,
  quotas,
  signingKeys,
} from '../src/postgres/schema.ts'
import { tokenOptions } from './token-support.ts'

const latest = migrations.at(-1)!.version

describe.each(testDatabases)('migrate on $name', ({ create, name }) => {
  let made: Awaited<ReturnType<typeof create>>
  let database: Database

  beforeAll(async () => {
    made = await create()
    database = await openDatabase(made.target)
  })
  beforeEach(async () => {
    await database.drizzle.execute(sql`drop schema if exists latchkey cascade`)
  })
  afterAll(async () => {
    await database.close()
    await made.remove()
  })

  async function appliedVersions(): Promise<number[]> {
    const rows = await database.drizzle
      .select({ version: sql<number>`version` })
      .from(sql`latchkey.migrations`)
      .orderBy(sql`version`)
    return rows.map(({ version }) => version)
  }

  const columnsIn = (schema: string) =>
    database.drizzle
      .select({ table: sql<string>`table_name`, column: sql<string>`column_name` })
      .from(sql`information_schema.columns`)
      .where(sql`table_schema = ${schema}`)

  it('makes what the store expects, and a second time nothing', async () => {
    await expect(assertMigrated(database)).rejects.toThrow(
      new RegExp(`at version 0.*needs ${latest}.*migrate`),
    )
    await migrate(database)
    await migrate(database)
    await assertMigrated(database)
    expect(await appliedVersions()).toEqual(migrations.map(({ version }) => version))
    const found = await columnsIn('latchkey')
    const tables = [keys, lastUsed, idempotency, changes, nodes, changeAcks, quotas, signingKeys]
    for (const table of tables as PgTable[]) {
      const declared = Object.values(getTableColumns(table)).map((column) => column.name)
      const made = found.filter((row) => row.table === getTableName(table)).map((row) => row.column)
      expect(made.sort()).toEqual(declared.sort())
    }
  })

  it('is safe when twenty do it at once', async () => {
    const others =
      name === 'Postgres' ? await Promise.all(Array.from({ length: 4 }, () => openDatabase(made.target))) : []
    const everyone = [database, ...others]
    await Promise.all(Array.from({ length: 20 }, (_, i) => migrate(everyone[i % everyone.length]!)))
    expect(await appliedVersions()).toEqual(migrations.map(({ version }) => version))
    await Promise.all(others.map((other) => other.close()))
  })

  it('leaves nothing behind when a step fails, and can be run again', async () => {
    const broken: Migration = {
      version: latest + 1,
      name: 'broken',
      statements: [sql`create table latchkey.half (id int)`, sql`select 1 / 0`],
    }
    await expect(migrate(database, [...migrations, broken])).rejects.toMatchObject({ sqlState: '22012' })
    expect(await columnsIn('latchkey')).toEqual([])
    await migrate(database)
    expect(await appliedVersions()).toEqual(migrations.map(({ version }) => version))
  })

  it('applies only what is new', async () => {
    await migrate(database)
    const next: Migration = {
      version: latest + 1,
      name: 'next',
      statements: [sql`create table latchkey.added (id int)`],
    }
    await migrate(database, [...migrations, next])
    expect(await appliedVersions()).toEqual([...migrations, next].map(({ version }) => version))
  })

  it('applies what came to the list later than one with a higher number', async () => {
    const step = (version: number): Migration => ({ version, name: `step ${version}`, statements: [] })
    await migrate(database, [...migrations, step(latest + 2)])
    const all = [...migrations, step(latest + 1), step(latest + 2)]
    await expect(assertMigrated(database, all)).rejects.toThrow(
      `is at version ${latest + 2} without ${latest + 1}, but`,
    )
    await migrate(database, all)
    expect(await appliedVersions()).toEqual(all.map(({ version }) => version))
    await assertMigrated(database, all)
  })

  it('refuses a schema that a newer Latchkey has made, in a sentence that says what to do', async () => {
    await migrate(database)
    await database.drizzle.execute(
      sql`insert into latchkey.migrations (version, name) values (99, 'from the future')`,
    )
    const sentence = new RegExp(
      `schema is at version 99, but this version of Latchkey knows only ${latest}\\..*upgrade`,
      'i',
    )
    await expect(migrate(database)).rejects.toThrow(sentence)
    await expect(createLatchkey({ database })).rejects.toThrow(sentence)
    await expect(createLatchkey({ database, migrate: false })).rejects.toThrow(sentence)
  })

  it('refuses to start without its schema when it may not migrate', async () => {
    await expect(createLatchkey({ database, migrate: false })).rejects.toThrow(`needs ${latest}`)
    expect(await columnsIn('latchkey')).toEqual([])
  })

  it("touches neither the host's tables nor the journal of the host's Drizzle", async () => {
    await database.drizzle.execute(sql`create schema drizzle`)
    await database.drizzle.execute(
      sql`create table drizzle.__drizzle_migrations (id serial, hash text, created_at bigint)`,
    )
    await database.drizzle.execute(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('host', 99999999999999)`,
    )
    await database.drizzle.execute(sql`create table public.keys (mine text)`)
    const before = [await columnsIn('drizzle'), await columnsIn('public')]
    await migrate(database)
    expect([await columnsIn('drizzle'), await columnsIn('public')]).toEqual(before)
    const journal = await database.drizzle
      .select({ hash: sql<string>`hash` })
      .from(sql`drizzle.__drizzle_migrations`)
    expect(journal).toEqual([{ hash: 'host' }])
  })
})

describe('migrate on Postgres', () => {
  it('goes on where a migrator was killed in the middle', async () => {
    const { url, drop } = await freshDatabase()
    const child = fork(new URL('migrate-and-die.ts', import.meta.url), [url], {
      execArgv: ['--conditions=@latchkey/source'],
    })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    const latchkey = await createLatchkey({ database: url })
    await latchkey.ready()
    await latchkey.close()
    await drop()
  })

  it('works with no right but to use what is there, once the schema is up to date', async () => {
    const { url, drop } = await freshDatabase()
    const owner = await openDatabase(url)
    await migrate(owner)
    const role = `latchkey_test_app_${Math.random().toString(36).slice(2)}`
    await owner.drizzle.execute(`create role ${role} login password 'app'`)
    await owner.drizzle.execute(`grant usage on schema latchkey to ${role}`)
    await owner.drizzle.execute(
      `grant select, insert, update, delete on all tables in schema latchkey to ${role}`,
    )

    const limited = new URL(url)
    limited.username = role
    limited.password = 'app'
    const imports = { formats: ['sha512'] } as const
    const latchkey = await createLatchkey({ database: limited.href, imports, tokens: tokenOptions() })
    const ann = { id: 'ann', name: null }
    const created = await latchkey.keys.create('owner', ann, { name: 'k' })
    const verdict = created.ok && (await latchkey.verify(created.secret))
    expect(verdict && verdict.ok && (await latchkey.tokens!.issue(verdict.key))).toMatchObject({ ok: true })
    const text = 'a key of another system'.replaceAll(' ', '_')
    const row = { owner: 'owner', name: 'k', format: 'sha512', hash: hash('sha512', text, 'hex') } as const
    expect(await latchkey.imports.run(ann, [row])).toMatchObject({ added: 1 })
    expect(await latchkey.verify(text)).toMatchObject({ ok: true })
    await latchkey.close()

    await owner.drizzle.execute(`drop owned by ${role}`)
    await owner.drizzle.execute(`drop role ${role}`)
    await owner.close()
    await drop()
  })
})
