import { createLatchkey, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { keyIdToUuid } from '../src/key-id.ts'
import { createQuotaStore } from '../src/postgres/quota-store.ts'
import type { QuotaStore } from '../src/quota-lease.ts'
import type { QuotaOptions } from '../src/quota-input.ts'
import { periodAt, type QuotaDefinition } from '../src/quota.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('quotas on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  let store: QuotaStore
  beforeAll(async () => {
    latchkey = await db.latchkey()
    store = createQuotaStore(db.database)
  })

  async function aKey(quota: QuotaOptions) {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k', quota }))
    const { id } = apiKey
    const read = async () => (await latchkey.keys.get(owner, id))!.quota!
    const update = async (changed: Parameters<Latchkey['keys']['update']>[3]) =>
      must(await latchkey.keys.update(owner, ann, id, changed)).apiKey.quota
    const lease = (needed = 1, wanted = needed, definition: QuotaDefinition | null = null) => {
      const period = definition && periodAt(definition, Date.now())
      return store.lease({ id, needed, wanted, period: period && { ...period, definition: definition } })
    }
    /** As if the period had ended just now, and nobody had asked since. */
    const endPeriod = () =>
      db.database.drizzle.execute(
        sql`update latchkey.quotas set ends_at = now() where key_id = ${keyIdToUuid(id)}::uuid`,
      )
    return { id, owner, apiKey, read, update, lease, endPeriod }
  }

  it('grants what is wanted, a sixteenth of what is left at most, but what is needed in any case', async () => {
    const { lease, read } = await aKey({ limit: 1_600, period: 'never' })
    expect(await lease(1, 50)).toMatchObject({ granted: 50, rest: 1_550, endsAtMs: null, isOver: false })
    expect(await lease(1, 4_096)).toMatchObject({ granted: 96, rest: 1_454 })
    expect(await lease(1_000, 4_096)).toMatchObject({ granted: 1_000, rest: 454 })
    expect(await lease(455)).toMatchObject({ granted: 0, rest: 454 })
    expect(await lease(454)).toMatchObject({ granted: 454, rest: 0 })
    expect(await lease(1)).toMatchObject({ granted: 0, rest: 0 })
    expect((await read()).remaining).toBe(0)
  })

  it('holds very many credits exactly', async () => {
    const { lease, read } = await aKey({ limit: 1_000_000_000_000, period: 'never' })
    expect(await lease(1, 4_096)).toMatchObject({ granted: 4_096, rest: 999_999_995_904 })
    expect((await read()).remaining).toBe(999_999_995_904)
  })

  it('fills a quota once for a period, whoever asks, however many at once', async () => {
    const { lease, apiKey, read, endPeriod } = await aKey({
      limit: 10,
      period: 'day',
      timeZone: 'Asia/Tokyo',
    })
    const full = apiKey.quota!
    expect(await lease(7)).toMatchObject({ granted: 7, rest: 3 })
    await endPeriod()
    expect(await read()).toEqual(full)
    const answers = await Promise.all(Array.from({ length: 8 }, () => lease(4, 4, full)))
    expect(answers.map((answer) => answer!.granted).sort()).toEqual([0, 0, 0, 0, 0, 0, 4, 4])
    expect(new Set(answers.map((answer) => answer!.allotment)).size).toBe(1)
    expect(await read()).toEqual({ ...full, remaining: 2 })
  })

  it('fills nothing for who has the wrong time or the wrong definition, and tells what is right', async () => {
    const { id, apiKey, lease, endPeriod } = await aKey({ limit: 10, period: 'day' })
    const definition = apiKey.quota!
    await lease(9)
    await endPeriod()
    for (const [wrong, ms] of [
      [definition, Date.now() - 86_400_000],
      [definition, Date.now() + 86_400_000],
      [{ ...definition, period: 'week' as const }, Date.now()],
      [{ ...definition, timeZone: 'Etc/UTC' }, Date.now()],
    ] as const) {
      const period = { ...periodAt(wrong, ms)!, definition: wrong }
      const answer = await store.lease({ id, needed: 1, wanted: 1, period })
      expect(answer).toMatchObject({
        granted: 0,
        isOver: true,
        definition: { period: 'day', timeZone: 'UTC' },
      })
      expect(Math.abs(answer!.nowMs - Date.now())).toBeLessThan(1_000)
    }
    expect(await lease(10)).toMatchObject({ granted: 0, isOver: true })
    expect(await lease(10, 10, definition)).toMatchObject({ granted: 10, isOver: false })
  })

  it('takes blocks back, several of one key and of several keys at once', async () => {
    const [one, other] = [
      await aKey({ limit: 10, period: 'never' }),
      await aKey({ limit: 20, period: 'month' }),
    ]
    const leases = [await one.lease(4), await one.lease(3), await other.lease(5)]
    const ids = [one.id, one.id, other.id]
    const credits = [4, 2, 5]
    await store.giveBack(
      leases.map((answer, i) => ({ id: ids[i]!, allotment: answer!.allotment, credits: credits[i]! })),
    )
    expect((await one.read()).remaining).toBe(9)
    expect((await other.read()).remaining).toBe(20)
  })

  it('takes no block back when its period is over, or when credits were counted anew since', async () => {
    const key = await aKey({ limit: 10, period: 'day' })
    const before = (await key.lease(4))!
    const block = { id: key.id, allotment: before.allotment, credits: 4 }
    await key.endPeriod()
    await key.lease(1, 1, key.apiKey.quota)
    await store.giveBack([block])
    expect((await key.read()).remaining).toBe(9)

    const second = { ...block, allotment: (await key.lease(4))!.allotment }
    await key.update({ quota: { limit: 10, period: 'day', remaining: 2 } })
    await store.giveBack([second])
    expect((await key.read()).remaining).toBe(2)

    const third = { ...block, allotment: (await key.lease(2))!.allotment }
    await key.update({ quota: null })
    await key.update({ quota: { limit: 6, period: 'day' } })
    await store.giveBack([third])
    expect((await key.read()).remaining).toBe(6)
  })

  it('takes a block back after the limit was changed', async () => {
    const key = await aKey({ limit: 10, period: 'day' })
    const block = { id: key.id, allotment: (await key.lease(4))!.allotment, credits: 4 }
    expect(await key.update({ quota: { limit: 15, period: 'day' } })).toMatchObject({
      limit: 15,
      remaining: 11,
    })
    await store.giveBack([block])
    expect((await key.read()).remaining).toBe(15)
  })

  it('never deadlocks while many nodes give back and take for the same keys', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => aKey({ limit: 1_000, period: 'never' })))
    await Promise.all(
      Array.from({ length: 10 }, async (_, node) => {
        for (let round = 0; round < 5; round++) {
          const mine = node % 2 ? keys : keys.toReversed()
          const blocks = await Promise.all(
            mine.map(async ({ id, lease }) => ({ id, allotment: (await lease(2))!.allotment, credits: 2 })),
          )
          await store.giveBack(blocks)
        }
      }),
    )
    for (const { read } of keys) expect((await read()).remaining).toBe(1_000)
  })

  it('knows no quota of a key that has none', async () => {
    const key = await aKey({ limit: 1, period: 'never' })
    expect(await key.update({ quota: null })).toBeNull()
    expect(await key.lease(1)).toBeNull()
  })

  it("begins a new key's first period by the database's clock, whatever its node believes", async () => {
    for (const skewMs of [0, -40 * 86_400_000, 40 * 86_400_000]) {
      const node = await createLatchkey({ database: db.database, now: () => Date.now() + skewMs })
      const owner = anOwner()
      const { apiKey, secret } = must(
        await node.keys.create(owner, ann, { name: 'k', quota: { limit: 5, period: 'month' } }),
      )
      const { endMs } = periodAt(apiKey.quota!, Date.now())!
      expect(apiKey.quota).toMatchObject({ remaining: 5, refillsAt: new Date(endMs) })
      expect(await node.keys.get(owner, apiKey.id)).toMatchObject({ quota: apiKey.quota })
      expect(await node.verify(secret)).toMatchObject({ ok: true })
      expect((await node.keys.get(owner, apiKey.id))!.quota).toMatchObject({
        remaining: 4,
        refillsAt: new Date(endMs),
      })
      await node.close()
    }
  })

  it('stores a key and its quota or neither', async () => {
    const owner = anOwner()
    const few = await db.latchkey({ maxKeysPerOwner: 1 })
    const options = { name: 'k', quota: { limit: 5, period: 'day' as const } }
    must(await few.keys.create(owner, ann, options))
    expect(await few.keys.create(owner, ann, options)).toEqual({ ok: false, reason: 'too_many_keys' })
    const [{ count } = { count: -1 }] = await db.database.query<{ count: number }>(
      `select count(*)::int as count from latchkey.quotas join latchkey.keys on keys.id = key_id
       join latchkey.owners on owners.id = owner_id where owner = $1`,
      [owner],
    )
    expect(count).toBe(1)
    const orphans = await db.database.query(
      'select from latchkey.quotas where not exists (select from latchkey.keys where id = key_id)',
      [],
    )
    expect(orphans).toEqual([])
  })

  it('answers a repeated create with the quota as it is now', async () => {
    const owner = anOwner()
    const options = {
      name: 'k',
      quota: { limit: 5, period: 'never' as const },
      idempotencyKey: crypto.randomUUID(),
    }
    const first = must(await latchkey.keys.create(owner, ann, options))
    expect(await latchkey.verify(first.secret)).toMatchObject({ ok: true })
    const again = must(await latchkey.keys.create(owner, ann, options))
    expect(again).toMatchObject({ replayed: true, apiKey: { quota: { limit: 5, remaining: 4 } } })
    const other = { ...options, quota: { limit: 6, period: 'never' as const } }
    expect(await latchkey.keys.create(owner, ann, other)).toMatchObject({ reason: 'idempotency_mismatch' })
  })

  it.each([
    ['quota', { quota: 5 }],
    ['quota.limit', { quota: { period: 'day' } }],
    ['quota.limit', { quota: { limit: 0, period: 'day' } }],
    ['quota.limit', { quota: { limit: 1.5, period: 'day' } }],
    ['quota.limit', { quota: { limit: 1_000_000_000_001, period: 'day' } }],
    ['quota.limit', { quota: { limit: '5', period: 'day' } }],
    ['quota.period', { quota: { limit: 5 } }],
    ['quota.period', { quota: { limit: 5, period: 'year' } }],
    ['quota.timeZone', { quota: { limit: 5, period: 'day', timeZone: 'Mars/Olympus' } }],
    ['quota.timeZone', { quota: { limit: 5, period: 'day', timeZone: 7 } }],
    ['quota.anchorDay', { quota: { limit: 5, period: 'month', anchorDay: 0 } }],
    ['quota.anchorDay', { quota: { limit: 5, period: 'month', anchorDay: 32 } }],
    ['quota.anchorDay', { quota: { limit: 5, period: 'week', anchorDay: 1 } }],
  ])('refuses a wrong %s', async (field, input) => {
    const owner = anOwner()
    const wrong = input as object as { quota: QuotaOptions }
    const refusal = { ok: false, reason: 'invalid', field }
    expect(await latchkey.keys.create(owner, ann, { name: 'k', ...wrong })).toMatchObject(refusal)
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    expect(await latchkey.keys.update(owner, ann, apiKey.id, wrong)).toMatchObject(refusal)
  })

  it('refuses what is left of a new quota, or less than nothing of any', async () => {
    const owner = anOwner()
    const quota = { limit: 5, period: 'day', remaining: 3 } as const
    expect(await latchkey.keys.create(owner, ann, { name: 'k', quota })).toMatchObject({
      reason: 'invalid',
      field: 'quota.remaining',
    })
    const { update, id, owner: whose } = await aKey({ limit: 5, period: 'day' })
    expect(await update({ quota })).toMatchObject({ remaining: 3 })
    for (const remaining of [-1, 0.5, 1_000_000_000_001]) {
      expect(await latchkey.keys.update(whose, ann, id, { quota: { ...quota, remaining } })).toMatchObject({
        reason: 'invalid',
        field: 'quota.remaining',
      })
    }
  })
})
