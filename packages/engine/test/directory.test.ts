import { createHash, randomBytes } from 'node:crypto'
import { openDatabase, type Database, type Latchkey } from '@latchkey/engine'
import { freshDatabase, testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FIND_BY } from '../src/postgres/directory-store.ts'
import { migrate } from '../src/postgres/migrate.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('the directory on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey()
  })

  const idsBy = async (clue: Parameters<Latchkey['directory']['find']>[0], node = latchkey) =>
    (await node.directory.find(clue)).map(({ id }) => id)

  it('finds a key of any owner by id, by start and by hash, and tells whose it is', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    must(await latchkey.keys.create(anOwner(), ann, { name: 'another' }))
    for (const clue of [{ id: apiKey.id }, { start: apiKey.start }, { hash: sha256(secret) }]) {
      expect(await latchkey.directory.find(clue)).toEqual([{ ...apiKey, owner }])
    }
    expect(await idsBy({ hash: sha256(secret).toUpperCase() })).toEqual([apiKey.id])
  })

  it('finds a key by the secret before its present one, and one that is revoked', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    const rotated = must(await latchkey.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 600 }))
    must(await latchkey.keys.revoke(owner, ann, apiKey.id))
    for (const one of [secret, rotated.secret]) {
      expect(await idsBy({ hash: sha256(one) })).toEqual([apiKey.id])
      expect(await idsBy({ start: one.slice(0, apiKey.start.length) })).toEqual([apiKey.id])
    }
  })

  it('finds nothing by what is no clue, by a part of a start, or in another namespace', async () => {
    const { apiKey, secret } = must(await latchkey.keys.create(anOwner(), ann, { name: 'k' }))
    const clues = [
      ...[{ id: 'key_' }, { id: `${apiKey.id}0` }, { start: '' }, { start: 'lk_live_' }, { start: '\0' }],
      ...[{ start: '%' }, { hash: secret }, { hash: '' }, { hash: 'ab'.repeat(32) }],
    ]
    for (const clue of clues) expect(await idsBy(clue), JSON.stringify(clue)).toEqual([])
    const elsewhere = await db.latchkey({ namespace: 'elsewhere' })
    for (const clue of [{ id: apiKey.id }, { start: apiKey.start }, { hash: sha256(secret) }]) {
      expect(await idsBy(clue, elsewhere)).toEqual([])
    }
  })

  it('tells the keys of owners that are not revoked, and which owners are suspended', async () => {
    const [owner, other, nobody] = [anOwner(), anOwner(), anOwner()]
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'a' }))
    must(await latchkey.keys.create(owner, ann, { name: 'b' }))
    must(await latchkey.keys.revoke(owner, ann, apiKey.id))
    must(await latchkey.owners.suspend(other, 'Spam'))
    const summaries = await latchkey.directory.owners([owner, other, nobody])
    expect([...summaries]).toEqual(
      expect.arrayContaining([
        [owner, { keys: 1, suspension: null }],
        [other, { keys: 0, suspension: { since: expect.any(Date) as Date, reason: 'Spam' } }],
      ]),
    )
    expect(summaries.has(nobody)).toBe(false)
    expect(await latchkey.directory.suspended()).toContain(other)
    expect(await latchkey.directory.suspended()).not.toContain(owner)
  })

  it('finds keys that are stored under a pepper, an older one, or none', async () => {
    const options = { namespace: 'peppered' }
    const [old, current] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64'))
    const plain = await db.latchkey(options)
    const before = await db.latchkey({ ...options, peppers: { current: 'old', keys: { old: old! } } })
    const after = await db.latchkey({
      ...options,
      peppers: { current: 'new', keys: { old: old!, new: current! } },
    })
    for (const node of [plain, before, after]) {
      const { apiKey, secret } = must(await node.keys.create(anOwner(), ann, { name: 'k' }))
      expect(await idsBy({ hash: sha256(secret) }, after)).toEqual([apiKey.id])
    }
  })
})

describe('looking for a key among many', () => {
  let made: Awaited<ReturnType<typeof freshDatabase>>
  let database: Database
  beforeAll(async () => {
    made = await freshDatabase()
    database = await openDatabase(made.url)
    await migrate(database)
    const fill = [
      sql`alter table latchkey.keys disable trigger user`,
      sql`insert into latchkey.owners (namespace, owner) select 'default', 'owner ' || n from generate_series(1, 500) n`,
      sql`insert into latchkey.keys (id, owner_id, hash, start, name, environment, scopes, created_at, created_by_id)
        select gen_random_uuid(), 1 + n % 500, sha256(n::text::bytea), 'lk_live_' || substr(md5(n::text), 1, 4), 'k', 'live', '', now(), 'x'
        from generate_series(1, 20000) n`,
      sql`insert into latchkey.retired_secrets (key_id, id, retired_at, ends_at, hash, version, start)
        select id, gen_random_uuid(), now(), now(), sha256(hash), 1, start from latchkey.keys limit 5000`,
      sql`analyze latchkey.keys, latchkey.owners, latchkey.retired_secrets`,
    ]
    for (const statement of fill) await database.drizzle.execute(statement)
  })
  afterAll(async () => {
    await database.close()
    await made.drop()
  })

  it.each(Object.entries(FIND_BY))('reads no table of keys from end to end, by %s', async (_, statement) => {
    const rows = await database.query<Record<string, string>>(`explain (generic_plan) ${statement}`, [])
    const plan = rows.map((row) => Object.values(row)[0]).join('\n')
    expect(plan).toMatch(/Index/)
    expect(plan).not.toMatch(/Seq Scan on (keys|retired)/)
  })
})
