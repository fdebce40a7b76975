import { createHash, randomUUID } from 'node:crypto'
import { freshDatabase, testDatabases } from '@latchkey/testing'
import { migrate, openDatabase, type Database } from '@latchkey/engine'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createChangeLog, START, type ChangeLog } from '../src/postgres/change-log.ts'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

const hashOf = (text: string) => createHash('sha256').update(text).digest()
const told = (text: string) => hashOf(text).toString('base64url')

const insertOwners = sql`insert into latchkey.owners (namespace, owner)
  values ('default', 'owner'), ('elsewhere', 'owner'), ('default', 'another owner')`

/** Keys as another program would write them, named after what is hashed. */
async function insertKeys(
  database: Database,
  names: readonly string[],
  namespace = 'default',
): Promise<void> {
  await database.drizzle.execute(sql`
    insert into latchkey.owners (namespace, owner) values (${namespace}, 'owner') on conflict do nothing`)
  await database.drizzle.execute(insertRows(names, namespace))
}

const insertRows = (names: readonly string[], namespace = 'default', owner = 'owner') => sql`
  insert into latchkey.keys
    (id, owner_id, hash, start, name, environment, scopes, created_at, created_by_id)
  select gen_random_uuid(), owners.id, sha256(names.name::bytea), 'lk_live_abcd', names.name, 'live', '', now(), 'x'
  from json_array_elements_text(${JSON.stringify(names)}::text::json) as names (name), latchkey.owners
  where namespace = ${namespace} and owner = ${owner}`

describe.each(databases)('the log of changes on $name', ({ create }) => {
  let made: Awaited<ReturnType<typeof create>>
  let database: Database
  let log: ChangeLog
  let position: string
  let heard: string[]

  beforeAll(async () => {
    made = await create()
    database = await openDatabase(made.target)
    await migrate(database)
    await run(insertOwners)
    await database.listen!('latchkey_changes', (payload) => heard.push(payload))
  })
  afterAll(async () => {
    await database.close()
    await made.remove()
  })
  beforeEach(async () => {
    await run(sql`delete from latchkey.keys`)
    log = createChangeLog(database, { node: randomUUID(), namespace: 'default' })
    await newChanges(START)
    heard = []
    // Notifications come in order, so after this one there are none of what was done before.
    await run(sql`select pg_notify('latchkey_changes', 'ready')`)
    await expect.poll(() => heard).toContain('ready')
    heard = []
  })

  const run = (statement: Parameters<Database['drizzle']['execute']>[0]) =>
    database.drizzle.execute(statement)

  async function newChanges(from = position): Promise<{ hash: string | null; wantsReceipt: boolean }[]> {
    const reading = await log.read(from)
    position = reading.position
    return reading.changes
      .map(({ hash, wantsReceipt }) => ({ hash, wantsReceipt }))
      .sort((a, b) => String(a.hash).localeCompare(String(b.hash)))
  }

  const changesOf = (names: string[], wantsReceipt = false) =>
    names
      .map((name) => ({ hash: told(name), wantsReceipt }))
      .sort((a, b) => String(a.hash).localeCompare(String(b.hash)))

  it('has each key that any program inserts, updates or deletes, once, and announces it', async () => {
    await insertKeys(database, ['a', 'b'])
    expect(await newChanges()).toEqual(changesOf(['a', 'b']))
    await run(sql`update latchkey.keys set name = 'renamed' where name = 'a'`)
    expect(await newChanges()).toEqual(changesOf(['a']))
    await run(sql`update latchkey.keys set name = 'nobody' where name = 'nobody'`)
    expect(await newChanges()).toEqual([])
    await run(sql`delete from latchkey.keys`)
    expect(await newChanges()).toEqual(changesOf(['a', 'b']))
    const announced = () => heard.map((payload) => payload.split(' ').slice(1))
    const line = (name: string) => ['0', told(name), 'default']
    await expect.poll(() => announced().length).toBe(5)
    expect(announced().slice(2, 3)).toEqual([line('a')])
    expect(announced()).toEqual(expect.arrayContaining([line('a'), line('b')]))
  })

  it.each([
    ['revoked_at = now()', true],
    ['disabled_at = now()', true],
    ['expires_at = now()', false],
    ["scopes = 'none'", false],
  ])('wants a receipt of "set %s": %s, and only the first time', async (change, isWanted) => {
    await insertKeys(database, ['a'])
    await newChanges()
    await run(`update latchkey.keys set ${change}`)
    expect(await newChanges()).toEqual(changesOf(['a'], isWanted))
    await run(`update latchkey.keys set ${change}`)
    expect(await newChanges()).toEqual(changesOf(['a']))
    await expect
      .poll(() => heard.map((payload) => payload.split(' ')[1]))
      .toEqual(['0', `${Number(isWanted)}`, '0'])
  })

  it('tells what a key was known by before as well', async () => {
    await insertKeys(database, ['a'])
    await newChanges()
    await run(sql`update latchkey.keys set hash = sha256('b')`)
    expect(await newChanges()).toEqual(changesOf(['a', 'b']))
    await run(sql`update latchkey.keys set owner_id = (
      select id from latchkey.owners where namespace = 'elsewhere')`)
    expect(await newChanges()).toEqual(changesOf(['b']))
    await run(sql`update latchkey.keys set name = 'unseen from here'`)
    expect(await newChanges()).toEqual([])
  })

  it('tells a statement that touches very many keys as one change of everything in their namespace', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `key ${i}`)
    await insertKeys(database, many(1_000))
    expect(await newChanges()).toHaveLength(1_000)
    await run(sql`update latchkey.keys set name = name || '!'`)
    expect(await newChanges()).toHaveLength(1_000)
    await insertKeys(database, ['one more'])
    await insertKeys(database, ['elsewhere'], 'elsewhere')
    await newChanges()
    await expect.poll(() => heard.length).toBe(2_002)
    heard = []
    await run(sql`update latchkey.keys set revoked_at = now() where name <> 'key 7!'`)
    expect(await newChanges()).toEqual([{ hash: null, wantsReceipt: true }])
    await run(sql`delete from latchkey.keys`)
    expect(await newChanges()).toEqual([{ hash: null, wantsReceipt: false }])
    const announced = () => heard.map((payload) => payload.split(' ').slice(1).join(' ')).sort()
    await expect.poll(announced).toEqual(['0 * default', '0 * elsewhere', '1 * default', '1 * elsewhere'])
  })

  it('tells every node when the table is emptied', async () => {
    await run(sql`truncate latchkey.keys cascade`)
    expect(await newChanges()).toEqual([{ hash: null, wantsReceipt: false }])
    await expect
      .poll(() => heard.map((payload) => payload.slice(payload.indexOf(' '))))
      .toEqual([' 0 * default'])
  })

  it('says which nodes live, until they leave or are not seen for long', async () => {
    const other = createChangeLog(database, { node: randomUUID(), namespace: 'default' })
    const stranger = createChangeLog(database, { node: randomUUID(), namespace: 'elsewhere' })
    await run(sql`delete from latchkey.nodes`)
    await Promise.all([log, other, stranger].map((node) => node.read(START)))
    expect(await log.readReceipt(1)).toMatchObject({ nodes: 2, confirmed: 0, afterMs: null })
    await other.leave()
    expect(await log.readReceipt(1)).toMatchObject({ nodes: 1 })
    await run(sql`update latchkey.nodes set seen_at = seen_at - interval '6 seconds'`)
    expect(await log.readReceipt(1)).toMatchObject({ nodes: 0 })
    await log.read(START)
    expect(await log.readReceipt(1)).toMatchObject({ nodes: 1 })
  })

  it('counts who has dropped a change, and when, as long as anybody may ask', async () => {
    const node = randomUUID()
    const other = createChangeLog(database, { node, namespace: 'default' })
    await run(sql`delete from latchkey.nodes`)
    await Promise.all([log.read(START), other.read(START)])
    await insertKeys(database, ['a'])
    await newChanges()
    await run(sql`update latchkey.keys set revoked_at = now()`)
    const { changes } = await log.read(position)
    const { sequence } = changes[0]!
    await log.acknowledge([sequence, sequence + 1])
    await log.acknowledge([sequence])
    expect(await log.readReceipt(sequence)).toMatchObject({ nodes: 2, confirmed: 1 })
    await other.acknowledge([sequence])
    await run(sql`
      update latchkey.change_acks
      set at = changes.at + case node when ${node}::uuid then interval '3 ms' else interval '41.2 ms' end
      from latchkey.changes where changes.sequence = change_acks.sequence`)
    expect(await log.readReceipt(sequence)).toEqual({ nodes: 2, confirmed: 2, afterMs: 42 })
    // Whoever has confirmed counts, even when it has gone since.
    await other.leave()
    expect(await log.readReceipt(sequence)).toEqual({ nodes: 2, confirmed: 2, afterMs: 42 })
  })

  it('no longer wants a receipt of a change that is old', async () => {
    await insertKeys(database, ['a'])
    await run(sql`update latchkey.keys set revoked_at = now()`)
    await run(sql`update latchkey.changes set at = at - interval '6 seconds'`)
    expect(await newChanges()).toEqual(changesOf(['a', 'a']))
  })

  it('reads so many at a time and says when there were more', async () => {
    await run(sql`
      insert into latchkey.changes (namespace, hash, wants_receipt)
      select 'default', sha256('a'), false from generate_series(1, 10_000)`)
    expect(await log.read(position)).toMatchObject({ isCut: false })
    await insertKeys(database, ['one more'])
    expect(await log.read(position)).toMatchObject({ isCut: true })
  })

  it('is swept of transactions older than those told, of old confirmations and of dead nodes', async () => {
    const count = async (table: string) =>
      Number(
        (await database.query<{ n: string }>(`select count(*)::text as n from latchkey.${table}`, []))[0]!.n,
      )
    await insertKeys(database, ['a'])
    await log.acknowledge([1])
    const before = await log.read(START)
    await insertKeys(database, ['b'])
    expect(await log.sweep(before.oldestOpen)).toBe(true)
    expect((await log.read(START)).changes.map(({ hash }) => hash)).toEqual([told('b')])
    expect(await count('change_acks')).toBeGreaterThan(0)
    expect(await count('nodes')).toBeGreaterThan(0)
    await run(sql`update latchkey.change_acks set at = at - interval '61 seconds'`)
    await run(sql`update latchkey.nodes set seen_at = seen_at - interval '61 seconds'`)
    await log.sweep('0')
    expect([await count('change_acks'), await count('nodes'), await count('changes')]).toEqual([0, 0, 1])
  })
})

describe('the log of changes on Postgres', () => {
  it('misses nothing that is committed late, and tells nothing twice, whatever else is under way', async () => {
    const { url, drop } = await freshDatabase()
    const database = await openDatabase(url)
    await migrate(database)
    await database.drizzle.execute(insertOwners)
    const log = createChangeLog(database, { node: randomUUID(), namespace: 'default' })
    const hashes = async (from: string) => {
      const { position, changes, oldestOpen } = await log.read(from)
      return { position, oldestOpen, found: changes.map(({ hash, sequence }) => ({ hash, sequence })) }
    }
    await insertKeys(database, ['first'])
    const start = await hashes(START)
    const release = Promise.withResolvers<void>()
    const isWritten = Promise.withResolvers<void>()
    const slow = database.drizzle.transaction(async (transaction) => {
      // Of an owner of its own, for changes of one owner wait for each other.
      await transaction.execute(insertRows(['slow'], 'default', 'another owner'))
      isWritten.resolve()
      await release.promise
    })
    await isWritten.promise
    await insertKeys(database, ['quick'])

    const first = await hashes(start.position)
    expect(first.found.map(({ hash }) => hash)).toEqual([told('quick')])
    const again = await hashes(first.position)
    expect(again.found).toEqual([])
    // Nobody may sweep what only an open transaction's age keeps from being read.
    await log.sweep(again.oldestOpen)
    release.resolve()
    await slow
    const late = await hashes(again.position)
    expect(late.found.map(({ hash }) => hash)).toEqual([told('slow')])
    expect(late.found[0]!.sequence).toBeLessThan(first.found[0]!.sequence)
    expect((await hashes(late.position)).found).toEqual([])
    await database.close()
    await drop()
  })

  it('is told by a program that has no right but to see owners and to change keys', async () => {
    const { url, drop } = await freshDatabase()
    const database = await openDatabase(url)
    await migrate(database)
    await database.drizzle.execute(insertOwners)
    const role = `latchkey_test_writer_${Math.random().toString(36).slice(2)}`
    await database.drizzle.execute(`create role ${role} login password 'writer'`)
    await database.drizzle.execute(`grant usage on schema latchkey to ${role}`)
    await database.drizzle.execute(`grant select on latchkey.owners to ${role}`)
    await database.drizzle.execute(
      `grant select, insert, update on latchkey.keys, latchkey.owners to ${role}`,
    )
    const limited = new URL(url)
    limited.username = role
    limited.password = 'writer'
    const writer = await openDatabase(limited.href)
    await insertKeys(writer, ['a'])
    await writer.close()
    const log = createChangeLog(database, { node: randomUUID(), namespace: 'default' })
    expect((await log.read(START)).changes.map(({ hash }) => hash)).toEqual([told('a')])
    await database.drizzle.execute(`drop owned by ${role}`)
    await database.drizzle.execute(`drop role ${role}`)
    await database.close()
    await drop()
  })
})
