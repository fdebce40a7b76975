import type { Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTombstoneStore } from '../src/postgres/tombstone-store.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const DAY = 86_400_000

describe.each(testDatabases)('the records of revoked keys on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    here = await db.latchkey({ now: () => clock.now })
    there = await db.latchkey({ now: () => clock.now })
  })

  const purge = (days: number, namespace = 'default') =>
    createTombstoneStore(db.database, namespace).purge(new Date(clock.now - days * DAY), new Date(clock.now))
  const count = async (table: string) => {
    const [row] = await db.database.query<{ count: number }>(
      `select count(*)::int as count from latchkey.${table}`,
      [],
    )
    return row!.count
  }
  const outcome = async (node: Latchkey, secret: string) => {
    const verdict = await node.verify(secret)
    return verdict.ok ? 'ok' : verdict.reason
  }

  it('go with everything that is known of the key, and every node forgets both of its secrets', async () => {
    const owner = anOwner()
    const options = {
      name: 'k',
      quota: { limit: 5, period: 'day' } as const,
      idempotencyKey: 'a key of sixteen',
    }
    const before = new Map<string, number>()
    const tables = ['keys', 'retired_secrets', 'last_used', 'quotas', 'idempotency']
    for (const table of tables) before.set(table, await count(table))
    const { apiKey, secret } = must(await here.keys.create(owner, ann, options))
    const rotated = must(await here.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 60 }))
    for (const text of [secret, rotated.secret]) expect(await outcome(here, text)).toBe('ok')
    await db.database.drizzle.execute(sql`
      insert into latchkey.last_used (key_id, used_at)
      select unnest(array[key_id, id]), now() from latchkey.retired_secrets
      on conflict do nothing`)
    must(await here.keys.revoke(owner, ann, apiKey.id))
    for (const node of [here, there]) {
      for (const text of [secret, rotated.secret]) expect(await outcome(node, text)).toBe('revoked')
    }
    clock.now += 30 * DAY
    for (const table of tables) expect(await count(table), table).toBeGreaterThan(before.get(table)!)

    expect(await purge(30)).toBe(false)

    for (const table of tables) expect(await count(table), table).toBe(before.get(table))
    expect(await here.keys.get(owner, apiKey.id)).toBeNull()
    for (const node of [here, there]) {
      for (const text of [secret, rotated.secret]) {
        await expect.poll(() => outcome(node, text)).toBe('unknown')
      }
    }
    expect(await here.keys.restore(owner, ann, apiKey.id)).toEqual({ ok: false, reason: 'not_found' })
  })

  it('stay until their day, and nothing goes that is not revoked, may be restored, or is of another namespace', async () => {
    const other = await db.latchkey({ namespace: 'other', now: () => clock.now })
    const long = await db.latchkey({ now: () => clock.now, restoreWindowSeconds: 90 * 86_400 })
    const owner = anOwner()
    const make = async (node: Latchkey) => must(await node.keys.create(owner, ann, { name: 'k' })).apiKey.id
    const [alive, revoked, restorable] = [await make(here), await make(here), await make(here)]
    const foreign = await make(other)
    must(await here.keys.revoke(owner, ann, revoked))
    must(await long.keys.revoke(owner, ann, restorable))
    must(await other.keys.revoke(owner, ann, foreign))
    clock.now += 10 * DAY - 1
    await purge(10)
    expect(await here.keys.get(owner, revoked)).not.toBeNull()
    clock.now += 1
    await purge(10)
    expect(await here.keys.get(owner, revoked)).toBeNull()
    for (const id of [alive, restorable]) expect(await here.keys.get(owner, id)).not.toBeNull()
    expect(await other.keys.get(owner, foreign)).not.toBeNull()
    must(await long.keys.restore(owner, ann, restorable))
  })

  it('go some hundreds at a time, each once, when nodes do it side by side', async () => {
    const owner = anOwner()
    const { apiKey } = must(await here.keys.create(owner, ann, { name: 'k' }))
    await db.database.drizzle.execute(sql`
      insert into latchkey.keys (id, created_at, revoked_at, owner_id, hash, start, name, environment, scopes, created_by_id)
      select gen_random_uuid(), now(), ${new Date(clock.now).toISOString()}::timestamptz, id,
        sha256(convert_to('purge ' || n, 'UTF8')), 'lk_live_a1B2', 'old', 'live', '', 'u'
      from latchkey.owners, generate_series(1, 1200) as n where owner = ${owner} and namespace = 'default'`)
    clock.now += DAY
    expect(await purge(1)).toBe(true)
    await Promise.all([purge(1), purge(1), purge(1)])
    while (await purge(1));
    const left = must(await here.keys.list(owner, { status: ['active', 'revoked'], limit: 100 }))
    expect(left.data.map(({ id }) => id)).toEqual([apiKey.id])
  })

  it('are used by nobody afterwards, though what they were used is told of their owner', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'k' }))
    expect(await outcome(here, secret)).toBe('ok')
    must(await here.keys.revoke(owner, ann, apiKey.id))
    await db.database.drizzle.execute(sql`
      insert into latchkey.usage (subject, bucket, count, resolution, namespace, outcome)
      select id, now(), 7, 'd', 'default', 'accepted' from latchkey.keys where name = 'k' and revoked_at is not null`)
    const usage = await count('usage')
    clock.now += 2 * DAY
    await purge(1)
    expect(await count('usage')).toBe(usage)
  })
})
