import type { AuditEvent, Author, Latchkey } from '@latchkey/engine'
import { hash } from 'node:crypto'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { allImports, slowForeignKeys } from './foreign-keys.ts'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

const author: Author = {
  ...ann,
  type: 'key',
  from: { address: '203.0.113.7', userAgent: 'curl/8', requestId: 'req-1' },
}

describe.each(testDatabases)('the audit trail on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey({ imports: allImports })
  })

  /** Oldest first. */
  async function trailOf(owner: string): Promise<AuditEvent[]> {
    return must(await latchkey.audit.list(owner, { limit: 100 })).data.reverse()
  }
  const told = (events: AuditEvent[]) => events.map(({ action, before, after }) => [action, before, after])
  const aKey = async (owner: string, options: object = {}) =>
    must(await latchkey.keys.create(owner, author, { name: 'k', ...options }))
  const run = (statement: ReturnType<typeof sql>) => db.database.drizzle.execute(statement)

  it('tells who, what, when and from where of each change, once, with what was there before and after', async () => {
    const owner = anOwner()
    const startedAt = Date.now()
    const quota = { limit: 10, period: 'never' } as const
    const { apiKey, secret } = await aKey(owner, {
      scopes: ['contacts:read'],
      metadata: { a: { b: [1.5, 'x'] } },
      quota,
    })
    const { id } = apiKey
    const update = async (options: object) => must(await latchkey.keys.update(owner, ben, id, options))
    await update({ name: 'renamed', quota: { limit: 20, period: 'month' } })
    await update({})
    await update({ enabled: false, metadata: {} })
    await update({ enabled: true })
    await update({ quota: { limit: 20, period: 'month', remaining: 3 } })
    const rotated = must(await latchkey.keys.rotate(owner, ben, id, { gracePeriodSeconds: 60 }))
    must(await latchkey.keys.retire(owner, ben, id, 0))
    must(await latchkey.keys.revoke(owner, ben, id))
    expect(await latchkey.keys.revoke(owner, ben, id)).toMatchObject({ ok: false })

    const events = await trailOf(owner)
    const [created] = events
    expect(created).toMatchObject({
      sequence: 1,
      action: 'key.created',
      keyId: id,
      actor: { type: 'key', id: 'user_ann', name: 'Ann' },
      address: '203.0.113.7',
      userAgent: 'curl/8',
      requestId: 'req-1',
      before: null,
      after: {
        name: 'k',
        environment: 'live',
        scopes: ['contacts:read'],
        metadata: { a: { b: [1.5, 'x'] } },
        start: apiKey.start,
        createdById: 'user_ann',
        version: 1,
        quota: { limit: 10, period: 'never', timeZone: 'UTC', remaining: 10 },
      },
      previousHash: '0'.repeat(64),
    })
    expect(events.every(({ at }) => Math.abs(at.getTime() - startedAt) < 60_000)).toBe(true)
    expect(events.slice(1).every(({ actor, address }) => actor?.id === ben.id && address === null)).toBe(true)
    expect(events[1]!.actor).toEqual({ ...ben, type: 'person' })
    const text = expect.any(String) as string
    const retired = { version: 1, start: apiKey.start, retiredAt: text, endsAt: text }
    expect(told(events.slice(1))).toEqual([
      [
        'key.updated',
        { name: 'k', quota: { limit: 10, period: 'never', timeZone: 'UTC', remaining: 10 } },
        {
          name: 'renamed',
          quota: { limit: 20, period: 'month', timeZone: 'UTC', anchorDay: 1, remaining: 20 },
        },
      ],
      [
        'key.disabled',
        { disabledAt: null, metadata: { a: { b: [1.5, 'x'] } } },
        { disabledAt: text, metadata: null },
      ],
      ['key.enabled', { disabledAt: text }, { disabledAt: null }],
      [
        'key.updated',
        { quota: expect.objectContaining({ remaining: 20 }) as object },
        { quota: expect.objectContaining({ remaining: 3 }) as object },
      ],
      [
        'key.rotated',
        { version: 1, start: apiKey.start, rotatedAt: null, retiringSecret: null },
        { version: 2, start: rotated.apiKey.start, rotatedAt: text, retiringSecret: retired },
      ],
      ['key.secret_retired', { retiringSecret: retired }, { retiringSecret: retired }],
      [
        'key.revoked',
        { revokedAt: null, revokedById: null, restorableUntil: null },
        { revokedAt: text, revokedById: ben.id, restorableUntil: text },
      ],
    ])
    expect(new Date(events[6]!.after!['retiringSecret']!['endsAt' as never])).toEqual(expect.any(Date))
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, owners: 1, events: 8 })
    for (const secretText of [secret, rotated.secret]) {
      const stored = [secretText, secretText.slice(-36), hash('sha256', secretText, 'hex')]
      for (const one of stored) expect(JSON.stringify(events)).not.toContain(one)
    }
  })

  it('keeps the trails of owners and namespaces apart', async () => {
    const owner = anOwner()
    const other = await db.latchkey({ namespace: 'other' })
    await aKey(owner)
    must(await other.keys.create(owner, ben, { name: 'k' }))
    expect(await trailOf(owner)).toMatchObject([{ sequence: 1, actor: { id: ann.id } }])
    expect(must(await other.audit.list(owner)).data).toMatchObject([{ sequence: 1, actor: { id: ben.id } }])
    expect(must(await latchkey.audit.list(anOwner()))).toEqual({ ok: true, data: [], nextCursor: null })
  })

  it('records what holds for all keys of an owner', async () => {
    const owner = anOwner()
    const policy = { defaultDays: 30, maxDays: 60, allowNever: false }
    must(await latchkey.owners.setPolicy(owner, { expiryPolicy: policy }, author))
    must(await latchkey.owners.setPolicy(owner, { expiryPolicy: policy }, author))
    const issue = { scopes: ['contacts:read'], liveKeysBy: 'admins' } as const
    must(await latchkey.owners.setPolicy(owner, { issuePolicy: issue }))
    must(await latchkey.owners.setScopes(owner, ['contacts:read']))
    must(await latchkey.owners.setScopes(owner, null))
    const events = await trailOf(owner)
    expect(told(events)).toEqual([
      ['policy.updated', { expiryPolicy: null }, { expiryPolicy: policy }],
      ['policy.updated', { issuePolicy: null }, { issuePolicy: issue }],
      ['owner_scopes.updated', { scopes: null }, { scopes: ['contacts:read'] }],
      ['owner_scopes.updated', { scopes: ['contacts:read'] }, { scopes: null }],
    ])
    expect(events.map(({ actor, keyId }) => [actor?.id, actor?.type, keyId])).toEqual([
      [ann.id, 'key', null],
      ['host', 'system', null],
      ['host', 'system', null],
      ['host', 'system', null],
    ])
  })

  it('records imported keys one by one, and not that a hash was replaced at the first use', async () => {
    const [owner, other] = [anOwner(), anOwner()]
    const foreign = await Promise.all(Array.from({ length: 3 }, () => slowForeignKeys['bcrypt']!()))
    const texts = foreign.map(({ text }) => text)
    const rows = foreign.map(({ row }, at) => ({ ...row, owner: at < 2 ? owner : other, name: `k${at}` }))
    expect(await latchkey.imports.run(author, rows)).toMatchObject({ added: 3 })
    expect(await latchkey.imports.run(author, rows)).toMatchObject({ known: 3 })
    for (const text of texts) expect(await latchkey.verify(text)).toMatchObject({ ok: true })
    const events = await trailOf(owner)
    expect(events).toMatchObject([
      { action: 'key.imported', actor: { id: ann.id }, after: { name: 'k0' } },
      { action: 'key.imported', actor: { id: ann.id }, after: { name: 'k1' } },
    ])
    expect(await trailOf(other)).toMatchObject([{ action: 'key.imported' }])
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 2 })
  })

  it('records nothing of spending, giving back and being used', async () => {
    const owner = anOwner()
    const { secret, apiKey } = await aKey(owner, { quota: { limit: 1_000, period: 'never' } })
    for (let i = 0; i < 20; i++) expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    const spending = await db.latchkey()
    expect(await spending.verify(secret)).toMatchObject({ ok: true })
    await spending.close()
    expect((await latchkey.keys.get(owner, apiKey.id))!.quota!.remaining).toBeLessThan(1_000)
    expect(await trailOf(owner)).toHaveLength(1)
  })

  it('records what somebody changes by hand, with no actor but as whom in the database', async () => {
    const [owner, other] = [anOwner(), anOwner()]
    const { apiKey } = await aKey(owner, { quota: { limit: 5, period: 'never' } })
    await aKey(owner)
    await aKey(other)
    const ofOwner = sql`owner_id = (select id from latchkey.owners where namespace = 'default' and owner = ${owner})`
    await run(sql`update latchkey.keys set scopes = 'contacts:write', hash = sha256(hash) where ${ofOwner}`)
    await run(
      sql`update latchkey.quotas set credits = 6 where key_id in (select id from latchkey.keys where ${ofOwner})`,
    )
    await run(sql`update latchkey.owners set scopes = 'x' where owner = ${owner}`)
    await run(sql`update latchkey.keys set owner_id = (
      select id from latchkey.owners where namespace = 'default' and owner = ${other}
    ) where name = 'k' and ${ofOwner}`)
    await run(sql`delete from latchkey.keys where owner_id = (
      select id from latchkey.owners where namespace = 'default' and owner = ${other}
    )`)
    await run(sql`update latchkey.owners set owner = ${`${owner}2`} where owner = ${owner}`)

    const [, , ...events] = await trailOf(owner)
    const scopes = { scopes: [] }
    const change = ['key.updated', scopes, { scopes: ['contacts:write'] }]
    const moved = [
      'key.updated',
      { ownerId: expect.any(Number) as number },
      { ownerId: expect.any(Number) as number },
    ]
    expect(told(events)).toEqual([
      change,
      change,
      [
        'key.updated',
        { quota: expect.objectContaining({ limit: 5 }) as object },
        { quota: expect.objectContaining({ limit: 6 }) as object },
      ],
      ['owner_scopes.updated', { scopes: null }, { scopes: ['x'] }],
      moved,
      moved,
      ['owner.updated', { owner }, { owner: `${owner}2` }],
    ])
    expect(events[0]).toMatchObject({ actor: null, address: null, databaseRole: 'postgres' })
    expect(told((await trailOf(other)).slice(1))).toEqual([
      moved,
      moved,
      ...Array.from({ length: 3 }, (): unknown[] => [
        'key.purged',
        expect.objectContaining({ name: 'k' }),
        null,
      ]),
    ])
    expect((await trailOf(`${owner}2`)).map(({ action }) => action)).toEqual(['owner.updated'])
    expect(must(await latchkey.audit.list(owner, { keyId: apiKey.id })).data).toHaveLength(4)
    for (const one of [owner, other]) expect(await latchkey.audit.verify(one)).toMatchObject({ ok: true })
  })

  it('records nothing of what was rolled back', async () => {
    const owner = anOwner()
    await aKey(owner)
    await expect(
      db.database.drizzle.transaction(async (transaction) => {
        await transaction.execute(sql`update latchkey.keys set name = 'gone'`)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await trailOf(owner)).toHaveLength(1)
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 1 })
  })

  it('takes up in one event what one transaction does to a key, but not what another did', async () => {
    const owner = anOwner()
    const { apiKey } = await aKey(owner)
    const both = [
      sql`update latchkey.keys set name = 'a' where name = 'k'`,
      sql`update latchkey.keys set name = 'b' where name = 'a'`,
    ]
    await db.database.drizzle.transaction(async (transaction) => {
      for (const statement of both) await transaction.execute(statement)
    })
    for (const name of ['c', 'd']) must(await latchkey.keys.update(owner, ann, apiKey.id, { name }))
    expect(told((await trailOf(owner)).slice(1))).toEqual([
      ['key.updated', { name: 'k' }, { name: 'b' }],
      ['key.updated', { name: 'b' }, { name: 'c' }],
      ['key.updated', { name: 'c' }, { name: 'd' }],
    ])
  })

  it('stores no text of strangers that could make a change fail', async () => {
    const owner = anOwner()
    const from = { address: 'x'.repeat(99), userAgent: `\0\uD800"\\\n${'y'.repeat(999)}`, requestId: '' }
    must(await latchkey.keys.create(owner, { ...ann, from }, { name: 'k' }))
    const [event] = await trailOf(owner)
    expect(event).toMatchObject({ address: 'x'.repeat(64), requestId: '' })
    expect(event!.userAgent).toBe(`\uFFFD\uFFFD"\\\n${'y'.repeat(251)}`)
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true })
    await expect(
      latchkey.keys.create(owner, { ...ann, type: 'robot' as never }, { name: 'k' }),
    ).rejects.toThrow('actor.type must be one of')
  })

  it('stays one chain when many change the keys of an owner at once', async () => {
    const owner = anOwner()
    const nodes = [latchkey, await db.latchkey(), await db.latchkey()]
    await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const node = nodes[at % nodes.length]!
        const { apiKey } = must(await node.keys.create(owner, ann, { name: `k${at}` }))
        must(await node.keys.update(owner, ann, apiKey.id, { name: 'new' }))
        must(await node.keys.rotate(owner, ann, apiKey.id))
      }),
    )
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 180, faults: [] })
  })
})
