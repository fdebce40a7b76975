import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  createLatchkey,
  openDatabase,
  StoreUnavailable,
  type Database,
  type Latchkey,
} from '@latchkey/engine'
import { createFaultProxy, freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ann, anOwner, must } from './set-up.ts'

let server: FreshDatabase
let administrator: postgres.Sql
beforeAll(async () => {
  server = await freshDatabase()
  administrator = postgres(server.url, { max: 1, onnotice: () => undefined })
  await administrator`create table notes (id int primary key)`
})
afterAll(async () => {
  await administrator.end()
  await server.drop()
})

/** Ends connections on the server's side; all of them, or those that are in a transaction. */
async function terminate(state: 'any' | 'in transaction'): Promise<number> {
  const isWanted = state === 'any' ? administrator`true` : administrator`xact_start is not null`
  const ended = await administrator`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'latchkey' and datname = current_database() and ${isWanted}`
  return ended.length
}

async function terminateTransaction(): Promise<void> {
  await expect.poll(() => terminate('in transaction')).toBe(1)
}

const noteIds = async () =>
  (await administrator`select id from notes order by id`).map(({ id }) => id as number)

// Vitest fails a run in which anything was thrown that nobody caught, which would have ended a process.
describe('a connection that ends in the middle of a change', () => {
  let latchkey: Latchkey
  beforeEach(async () => {
    latchkey = await createLatchkey({ database: server.url })
  })
  afterEach(() => latchkey.close())

  it('makes the change fail, changes nothing, and leaves everything else alone', async () => {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'before' }))
    const update = () => latchkey.keys.update(owner, ann, apiKey.id, { name: 'after' })
    const failed = await administrator.begin(async (other) => {
      await other`select from latchkey.keys for update`
      const change = update().catch((error: unknown) => error)
      await other`select pg_sleep(0.2)`
      await other`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'latchkey' and datname = current_database() and wait_event_type = 'Lock'`
      return change
    })
    expect(failed).toBeInstanceOf(StoreUnavailable)
    expect(await latchkey.keys.get(owner, apiKey.id)).toMatchObject({ name: 'before' })
    expect(must(await update()).apiKey).toMatchObject({ name: 'after' })
  })
})

describe('a transaction', () => {
  let database: Database
  beforeEach(async () => {
    await administrator`truncate notes`
    database = await openDatabase(server.url)
  })
  afterEach(() => database.close())

  const insert = (id: number) => sql`insert into notes values (${id})`

  it('runs nothing once its connection has ended, neither there nor on another one', async () => {
    const reached = Promise.withResolvers<void>()
    const work = database.drizzle.transaction(async (transaction) => {
      await transaction.execute(insert(1))
      const statements = [sql`select pg_sleep(60)`, insert(2), insert(3)].map((statement) =>
        transaction.execute(statement),
      )
      reached.resolve()
      const results = await Promise.allSettled(statements)
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      await transaction.execute(insert(4))
    })
    const failed = work.catch((error: unknown) => error)
    await reached.promise
    await terminateTransaction()
    expect(StoreUnavailable.from(await failed).message).toMatch(/CONNECTION_CLOSED|57P01/)
    await database.drizzle.transaction((transaction) => transaction.execute(insert(5)))
    expect(await noteIds()).toEqual([5])
  })

  it('fails when its connection ends between two statements', async () => {
    const work = database.drizzle.transaction(async (transaction) => {
      await transaction.execute(insert(1))
      await terminateTransaction()
      await setTimeout(50)
      await transaction.execute(insert(2))
    })
    await expect(work).rejects.toThrow('The connection to the database ended.')
    expect(await noteIds()).toEqual([])
  })

  it('fails when a statement failed and nobody noticed', async () => {
    const work = database.drizzle.transaction(async (transaction) => {
      await transaction.execute(insert(1))
      await transaction.execute(insert(1)).catch(() => undefined)
    })
    await expect(work).rejects.toMatchObject({ code: '23505' })
    expect(await noteIds()).toEqual([])
  })

  it('runs nothing that comes after its end', async () => {
    const late = Promise.withResolvers<unknown>()
    const work = database.drizzle.transaction(async (transaction) => {
      void setTimeout(100).then(() => transaction.execute(insert(1)).then(late.resolve, late.reject))
      await transaction.execute(insert(2))
      throw new Error('no more')
    })
    await expect(work).rejects.toThrow('no more')
    await expect(late.promise).rejects.toMatchObject({ cause: { message: 'The transaction is over.' } })
    expect(await noteIds()).toEqual([])
  })

  it('is refused, and not forgotten, when the server goes while it waits for its turn', async () => {
    const proxy = await createFaultProxy(server.url)
    const other = await openDatabase(proxy.url)
    const works = Array.from({ length: 30 }, () =>
      other.drizzle.transaction((transaction) => transaction.execute(sql`select pg_sleep(0.5)`)),
    )
    const settled = Promise.allSettled(works)
    await setTimeout(200)
    await proxy.cut()
    expect((await settled).map(({ status }) => status)).toEqual(works.map(() => 'rejected'))
    await proxy.restore()
    await expect.poll(() => other.drizzle.transaction(async () => 'works').catch(() => null)).toBe('works')
    await other.close()
    await proxy.close()
  })

  it('goes on after a part of it failed and was caught', async () => {
    await database.drizzle.transaction(async (transaction) => {
      await transaction.execute(insert(1))
      await transaction.transaction((part) => part.execute(insert(2)))
      const failing = transaction.transaction(async (part) => {
        await part.execute(insert(3))
        await part.execute(insert(1))
      })
      await expect(failing).rejects.toThrow()
      await transaction.execute(insert(4))
    })
    expect(await noteIds()).toEqual([1, 2, 4])
  })

  it('waits for its turn when many are under way', async () => {
    const ids = Array.from({ length: 30 }, (_, id) => id)
    const connections = await Promise.all(
      ids.map((id) =>
        database.drizzle.transaction(async (transaction) => {
          await transaction.execute(insert(id))
          await transaction.execute(sql`select pg_sleep(0.01)`)
          return transaction.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
        }),
      ),
    )
    expect(await noteIds()).toEqual(ids)
    const pids = new Set(connections.map((rows) => (rows as { pid: number }[])[0]!.pid))
    expect(pids.size).toBe(5)
  })
})

describe('a pool whose connections end again and again', () => {
  it('answers everything as soon as they no longer do', async () => {
    const database = await openDatabase(server.url)
    const ask = () => database.query('select $1::text as answer', ['yes'])
    let isOver = false
    let unanswered = 0
    async function askForEver(): Promise<void> {
      while (!isOver) {
        await setImmediate()
        if (unanswered === 100) continue
        unanswered++
        void ask()
          .catch(() => undefined)
          .finally(() => unanswered--)
      }
    }
    const asking = askForEver()
    for (let round = 0; round < 30; round++) {
      await setTimeout(50)
      await terminate('any')
    }
    isOver = true
    await asking
    await expect.poll(() => unanswered, { timeout: 10_000 }).toBe(0)
    await setTimeout(100)
    for (let round = 0; round < 5; round++) {
      const started = performance.now()
      const answers = await Promise.all(Array.from({ length: 50 }, ask))
      expect(answers.flat()).toEqual(Array.from({ length: 50 }, () => ({ answer: 'yes' })))
      expect(performance.now() - started).toBeLessThan(2_000)
    }
    const connections = () => administrator`select from pg_stat_activity
      where application_name = 'latchkey' and datname = current_database()`
    // Those that were ended last may take a moment.
    await expect.poll(async () => (await connections()).length, { timeout: 5_000 }).toBeLessThanOrEqual(10)
    await database.close()
    await expect.poll(() => terminate('any')).toBe(0)
  })
})
