import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { openDatabase, StoreUnavailable, type Database } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

describe('a database on a server', () => {
  let server: FreshDatabase
  let database: Database
  beforeAll(async () => {
    server = await freshDatabase()
    database = await openDatabase(server.url)
  })
  afterAll(async () => {
    await database.close()
    await server.drop()
  })

  const things = pgTable('things', {
    id: integer('id').primaryKey(),
    flags: boolean('flags').array(),
    numbers: integer('numbers').array().array(),
    names: text('names').array(),
    details: jsonb('details'),
    at: timestamp('at', { withTimezone: true }),
  })

  it('gives back what a host stores with Drizzle, in a transaction and outside of one', async () => {
    await database.drizzle.execute(sql`create table things (id int primary key, flags boolean[],
      numbers int[][], names text[], details jsonb, at timestamptz)`)
    const thing = {
      id: 1,
      flags: [true, false],
      numbers: [
        [1, 2],
        [3, 4],
      ],
      names: ['a', 'with "quotes", {braces} and \\', '', 'null'],
      details: { list: [1, 'two', null] },
      at: new Date('2026-10-25T00:30:00.123Z'),
    }
    await database.drizzle.insert(things).values(thing)
    await database.drizzle.transaction((transaction) =>
      transaction.insert(things).values({ ...thing, id: 2 }),
    )
    expect(await database.drizzle.select().from(things).orderBy(things.id)).toEqual([
      thing,
      { ...thing, id: 2 },
    ])
    const inTransaction = await database.drizzle.transaction((transaction) =>
      transaction.select().from(things),
    )
    expect(inTransaction).toHaveLength(2)
  })

  it('reads arrays that a statement makes', async () => {
    const [row] = await database.query<Record<string, unknown>>(
      `select array[true, null] as flags, '{1,2}'::int[] as ints, '{1.5}'::float8[] as floats,
        array['a,b', null, 'NULL'] as texts, array['{"a":1}'::jsonb] as documents, '{9007199254740993}'::int8[] as longs`,
      [],
    )
    expect(row).toEqual({
      flags: [true, null],
      ints: [1, 2],
      floats: [1.5],
      texts: ['a,b', null, 'NULL'],
      documents: [{ a: 1 }],
      longs: ['9007199254740993'],
    })
  })

  it('keeps the isolation that a transaction asks for', async () => {
    const level = await database.drizzle.transaction(
      (transaction) =>
        transaction.execute<{ transaction_isolation: string }>(sql`show transaction_isolation`),
      { isolationLevel: 'serializable' },
    )
    expect(level).toMatchObject([{ transaction_isolation: 'serializable' }])
  })

  it.each(['begin', 'start transaction'])(
    'refuses a bare "%s", and leaves no transaction open',
    async (text) => {
      await expect(database.drizzle.execute(sql.raw(text))).rejects.toMatchObject({
        cause: { message: expect.stringContaining('use drizzle.transaction()') as string },
      })
      const asked = Array.from({ length: 20 }, () =>
        database.query<{ alone: boolean }>('select now() = statement_timestamp() as alone', []),
      )
      for (const rows of await Promise.all(asked)) expect(rows).toEqual([{ alone: true }])
    },
  )

  it('waits for a transaction under way before it closes', async () => {
    const other = await openDatabase(server.url)
    const work = other.drizzle.transaction(async (transaction) => {
      await transaction.execute(sql`create table kept (id int)`)
      await setTimeout(300)
      await transaction.execute(sql`insert into kept values (1)`)
    })
    await setTimeout(100)
    await other.close()
    await work
    expect(await database.query('select id from kept', [])).toEqual([{ id: 1 }])
    await expect(other.query('select 1', [])).rejects.toThrow('closed')
  })
})

describe('a server that hangs up before it greets', () => {
  const servers: Server[] = []
  afterEach(() => servers.splice(0).forEach((server) => server.close()))

  async function place(): Promise<string> {
    const server = createServer((socket) => socket.on('error', () => undefined).end())
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each([1, 2])('is told as unavailable at once, %d of them', async (count) => {
    const places = await Promise.all(Array.from({ length: count }, place))
    const started = performance.now()
    const opening = openDatabase(`postgres://someone@${places.join(',')}/database`)
    await expect(opening).rejects.toBeInstanceOf(StoreUnavailable)
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})
