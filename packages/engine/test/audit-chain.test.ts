import type { AuditFault, Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const HASH = `sha256(convert_to(text, 'UTF8'))`

describe.each(testDatabases)('the chain of the audit trail on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey()
  })

  /** An owner with five events. */
  async function anAuditedOwner(): Promise<string> {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k1' }))
    for (const name of ['k2', 'k3', 'k4', 'k5'])
      must(await latchkey.keys.update(owner, ann, apiKey.id, { name }))
    return owner
  }

  /** What only the owner of the tables can do, who can switch triggers off. */
  async function tamper(owner: string, ...statements: string[]): Promise<void> {
    const chain = `(select id from latchkey.audit_chains where owner = '${owner}')`
    await db.database.drizzle.transaction(async (transaction) => {
      for (const table of ['audit_events', 'audit_chains']) {
        await transaction.execute(sql.raw(`alter table latchkey.${table} disable trigger user`))
      }
      for (const statement of statements) {
        await transaction.execute(sql.raw(statement.replaceAll('CHAIN', chain)))
      }
      for (const table of ['audit_events', 'audit_chains']) {
        await transaction.execute(sql.raw(`alter table latchkey.${table} enable trigger user`))
      }
    })
  }

  it.each<[string, number, AuditFault['problem'], ...string[]]>([
    [
      'a changed text',
      3,
      'changed',
      `update latchkey.audit_events set text = replace(text, 'Ann', 'Eve') where chain_id = CHAIN and sequence = 3`,
    ],
    [
      'a changed text with a hash of its own',
      4,
      'unlinked',
      `update latchkey.audit_events set text = replace(text, 'Ann', 'Eve') where chain_id = CHAIN and sequence = 3`,
      `update latchkey.audit_events set hash = ${HASH} where chain_id = CHAIN and sequence = 3`,
    ],
    [
      'a changed last text with a hash of its own',
      5,
      'changed',
      `update latchkey.audit_events set text = replace(text, 'Ann', 'Eve') where chain_id = CHAIN and sequence = 5`,
      `update latchkey.audit_events set hash = ${HASH} where chain_id = CHAIN and sequence = 5`,
    ],
    [
      'a text that is none',
      2,
      'changed',
      `update latchkey.audit_events set text = 'x', hash = sha256('x') where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'another time beside the text',
      2,
      'changed',
      `update latchkey.audit_events set at = at - interval '1 hour' where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'another key beside the text',
      2,
      'changed',
      `update latchkey.audit_events set key_id = gen_random_uuid() where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'another actor beside the text',
      2,
      'changed',
      `update latchkey.audit_events set actor_id = 'eve' where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'another action beside the text',
      2,
      'changed',
      `update latchkey.audit_events set action = 'key.created' where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'a removed first event',
      1,
      'missing',
      `delete from latchkey.audit_events where chain_id = CHAIN and sequence = 1`,
    ],
    [
      'a removed event',
      3,
      'missing',
      `delete from latchkey.audit_events where chain_id = CHAIN and sequence = 3`,
    ],
    [
      'a removed end',
      4,
      'missing',
      `delete from latchkey.audit_events where chain_id = CHAIN and sequence >= 4`,
    ],
    ['everything removed', 1, 'missing', `delete from latchkey.audit_events where chain_id = CHAIN`],
    [
      'a removed event, with the later ones moved up',
      3,
      'changed',
      `delete from latchkey.audit_events where chain_id = CHAIN and sequence = 3`,
      `update latchkey.audit_events set sequence = sequence - 1 where chain_id = CHAIN and sequence > 3`,
    ],
    [
      'an event behind the end',
      6,
      'inserted',
      `insert into latchkey.audit_events select 6, at, key_id, chain_id, action, actor_id, hash, text
        from latchkey.audit_events where chain_id = CHAIN and sequence = 5`,
    ],
    [
      "an event of another owner's in its place",
      2,
      'changed',
      `update latchkey.audit_events as events set (at, key_id, hash, text) = (
        select other.at, other.key_id, other.hash, other.text from latchkey.audit_events as other
        where other.sequence = 2 and other.action = 'key.updated' and other.chain_id <> events.chain_id limit 1
      ) where chain_id = CHAIN and sequence = 2`,
    ],
    [
      'a head that was set back',
      5,
      'inserted',
      `update latchkey.audit_chains set sequence = 4, hash = (
      select hash from latchkey.audit_events where chain_id = CHAIN and sequence = 4) where id = CHAIN`,
    ],
  ])('shows %s: event %i is %s', async (_, sequence, problem, ...statements) => {
    await anAuditedOwner()
    const owner = await anAuditedOwner()
    expect(await latchkey.audit.verify(owner)).toEqual({ ok: true, owners: 1, events: 5, faults: [] })
    await tamper(owner, ...statements)
    expect(await latchkey.audit.verify(owner)).toEqual({
      ok: false,
      owners: 1,
      events: sequence - 1 - (problem === 'changed' && sequence === 5 ? -1 : 0),
      faults: [{ owner, sequence, problem, message: expect.stringMatching(/^The event .*\.$/) as string }],
    })
  })

  it('is checked of all owners of the namespace, with one fault of each that has any, and where each has come to', async () => {
    const mine = await db.latchkey({ namespace: 'checked' })
    const stranger = await anAuditedOwner()
    await tamper(stranger, `delete from latchkey.audit_events where chain_id = CHAIN`)
    const owners = Array.from({ length: 120 }, anOwner)
    for (const owner of owners) must(await mine.keys.create(owner, ann, { name: 'k' }))
    const bad = owners[110]!
    await tamper(
      bad,
      `update latchkey.audit_events set text = replace(text, 'Ann', 'Eve') where chain_id = CHAIN`,
    )
    const seen: string[] = []
    const report = await mine.audit.verify(undefined, {
      onOwner: ({ owner, head, fault }) => {
        expect(head).toEqual({ sequence: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
        expect(fault === null).toBe(owner !== bad)
        seen.push(owner)
      },
    })
    expect(seen).toEqual(owners)
    expect(report).toMatchObject({
      ok: false,
      owners: 120,
      events: 119,
      faults: [{ owner: bad, problem: 'changed' }],
    })
    expect(await mine.audit.verify(owners[0])).toMatchObject({ ok: true, owners: 1 })
    expect(await mine.audit.verify('nobody')).toEqual({ ok: true, owners: 0, events: 0, faults: [] })
  })

  it('is checked in parts when it is long, and while it grows', async () => {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    await db.database.drizzle.execute(
      sql.raw(`do $$ begin
      for i in 1..300 loop update latchkey.keys set name = i::text where name ~ '^([0-9]+|k)$' and owner_id = (
        select id from latchkey.owners where owner = '${owner}' and namespace = 'default'); end loop;
    end $$`),
    )
    // One transaction, one event; so a long chain takes transactions.
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 2 })
    const growing = (async () => {
      for (let i = 0; i < 30; i++) must(await latchkey.keys.update(owner, ann, apiKey.id, { name: `n${i}` }))
    })()
    for (let i = 0; i < 5; i++) expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true })
    await growing
    await db.database.drizzle.execute(
      sql.raw(`insert into latchkey.keys (id, created_at, owner_id, hash, start, name, environment, scopes, created_by_id)
      select gen_random_uuid(), now(), owner_id, sha256(i::text::bytea), 'x', 'many', 'live', '', 'x'
      from latchkey.keys, generate_series(1, 1100) as i where id in (
        select key_id from latchkey.audit_events where actor_id = 'user_ann' and key_id is not null
      ) and owner_id = (select id from latchkey.owners where owner = '${owner}' and namespace = 'default')`),
    )
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 1132 })
  })

  it.each([
    ['update latchkey.audit_events set action = action'],
    ['delete from latchkey.audit_events'],
    ['truncate latchkey.audit_events'],
    ['delete from latchkey.audit_chains'],
    ['truncate latchkey.audit_chains cascade'],
  ])('lets not even the owner of the tables do this: %s', async (statement) => {
    await anAuditedOwner()
    await expect(db.database.query(statement, [])).rejects.toMatchObject({ code: '42501' })
  })
})

describe.each(testDatabases)('a trail that cannot be written on $name', ({ create }) => {
  const db = useDatabase(create)

  it('lets nothing change, and every verdict stand', async () => {
    const latchkey = await db.latchkey({ imports: { formats: ['sha256'] } })
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    await db.database.query(
      'alter table latchkey.audit_events add constraint broken check (sequence < 0) not valid',
      [],
    )
    const before = await latchkey.keys.get(owner, apiKey.id)
    const isRefused = { name: 'StoreUnavailable', sqlState: '23514' }
    const row = { owner, name: 'k', format: 'sha256', hash: 'ab'.repeat(32) } as const
    for (const change of [
      () => latchkey.keys.create(owner, ann, { name: 'new' }),
      () => latchkey.keys.create(owner, ann, { name: 'new', quota: { limit: 1, period: 'never' } }),
      () => latchkey.keys.create(owner, ann, { name: 'new', idempotencyKey: 'the_same_request' }),
      () => latchkey.keys.update(owner, ann, apiKey.id, { name: 'new' }),
      () => latchkey.keys.update(owner, ann, apiKey.id, { quota: { limit: 1, period: 'never' } }),
      () => latchkey.keys.update(owner, ann, apiKey.id, { enabled: false }),
      () => latchkey.keys.rotate(owner, ann, apiKey.id),
      () => latchkey.keys.revoke(owner, ann, apiKey.id),
      () => latchkey.keys.changeMany(owner, ann, [apiKey.id], { action: 'disable' }),
      async () => latchkey.holders.revoke(must(await latchkey.holders.recognise(secret))),
      () => latchkey.imports.run(ann, [row]),
      () => latchkey.owners.setScopes(owner, []),
      () => latchkey.owners.setPolicy(owner, { issuePolicy: { scopes: null, liveKeysBy: 'admins' } }),
    ]) {
      await expect(change(), String(change)).rejects.toMatchObject(isRefused)
    }
    expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(before)
    expect(must(await latchkey.keys.list(owner)).data).toHaveLength(1)
    expect(await latchkey.owners.get(owner)).toEqual({
      scopes: null,
      expiryPolicy: null,
      issuePolicy: null,
      suspension: null,
    })
    const fresh = await db.latchkey()
    for (const node of [latchkey, fresh]) expect(await node.verify(secret)).toMatchObject({ ok: true })

    await db.database.query('alter table latchkey.audit_events drop constraint broken', [])
    const again = must(
      await latchkey.keys.create(owner, ann, { name: 'new', idempotencyKey: 'the_same_request' }),
    )
    expect(again.replayed).toBe(false)
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 2 })
  })
})
