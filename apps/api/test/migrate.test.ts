import { openDatabase, type Database } from '@latchkey/fastify'
import type { TestDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isMigrated, migrate, NewerDatabase } from '../src/database/migrate.ts'
import { databases, dumpTables } from './api.ts'

describe.each(databases)('migrating, on $name', ({ name, create }) => {
  let stored: TestDatabase
  let database: Database
  beforeEach(async () => {
    stored = await create()
    database = await openDatabase(stored.target)
  })
  afterEach(async () => {
    await database.close()
    await stored.remove()
  })

  const journal = async () => (await dumpTables(database)).filter((row) => row.startsWith('api.migrations'))

  it('is done once, however often it is asked for', async () => {
    await migrate(database.drizzle)
    const first = await journal()
    await migrate(database.drizzle)
    expect(first.length).toBeGreaterThan(0)
    expect(await journal()).toEqual(first)
    expect(await isMigrated(database.drizzle)).toBe(true)
  })

  it('is safe for 20 starters at once', async () => {
    const others =
      name === 'Postgres'
        ? await Promise.all(Array.from({ length: 4 }, () => openDatabase(stored.target)))
        : []
    const all = [database, ...others]
    await Promise.all(Array.from({ length: 20 }, (_, i) => migrate(all[i % all.length]!.drizzle)))
    await Promise.all(others.map((other) => other.close()))
    expect(await isMigrated(database.drizzle)).toBe(true)
  })

  it('leaves nothing behind when it fails half-way, and works once the cause is gone', async () => {
    await database.drizzle.execute(sql`create schema crm`)
    await expect(migrate(database.drizzle)).rejects.toThrow()
    expect(await dumpTables(database)).toEqual([])
    await database.drizzle.execute(sql`drop schema crm`)
    await migrate(database.drizzle)
    expect(await isMigrated(database.drizzle)).toBe(true)
  })

  it("refuses a newer version's database, and tells it from its own", async () => {
    await migrate(database.drizzle)
    await database.drizzle.execute(sql`insert into api.migrations (hash) values ('of a later version')`)
    await expect(migrate(database.drizzle)).rejects.toBeInstanceOf(NewerDatabase)
    expect(await isMigrated(database.drizzle)).toBe(false)
  })

  it("leaves a Drizzle journal that is somebody else's alone", async () => {
    await database.drizzle.execute(sql`create schema drizzle`)
    await database.drizzle.execute(sql`create table drizzle.__drizzle_migrations (created_at bigint)`)
    await database.drizzle.execute(sql`insert into drizzle.__drizzle_migrations values (9999999999999)`)
    await migrate(database.drizzle)
    expect(await isMigrated(database.drizzle)).toBe(true)
    const rows = (await dumpTables(database)).filter((row) => row.startsWith('drizzle.'))
    expect(rows).toEqual(['drizzle.__drizzle_migrations: (9999999999999)'])
  })
})
