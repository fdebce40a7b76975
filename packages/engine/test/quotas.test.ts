import {
  createLatchkey,
  StoreUnavailable,
  type Latchkey,
  type QuotaOptions,
  type Requirement,
} from '@latchkey/engine'
import { createFaultProxy, freshDatabase, testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { describe, expect, it, vi } from 'vitest'
import { keyIdToUuid } from '../src/key-id.ts'
import type { CreateOptions } from '../src/keys.ts'
import { ann, anOwner, must, scopes, useDatabase } from './set-up.ts'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

async function aKey(node: Latchkey, options: Partial<CreateOptions> = {}) {
  const owner = anOwner()
  const { secret, apiKey } = must(await node.keys.create(owner, ann, { name: 'k', ...options }))
  const { id } = apiKey
  return {
    id,
    uuid: keyIdToUuid(id),
    owner,
    secret,
    update: async (change: Parameters<Latchkey['keys']['update']>[3]) =>
      must(await node.keys.update(owner, ann, id, change)).apiKey,
    remaining: async () => (await node.keys.get(owner, id))!.quota!.remaining,
  }
}

async function outcome(node: Latchkey, secret: string, requirement?: Requirement): Promise<string> {
  const verdict = await node.verify(secret, requirement)
  return verdict.ok ? 'ok' : verdict.reason
}

const quota: QuotaOptions = { limit: 10, period: 'month' }
const large: QuotaOptions = { limit: 1_000_000, period: 'month' }

describe.each(databases)('the quota of a key on $name', ({ create }) => {
  const db = useDatabase(create)

  it('is what the key can be used, and no more', async () => {
    const node = await db.latchkey()
    const { secret, remaining } = await aKey(node, { quota })
    for (let i = 0; i < 10; i++) expect(await outcome(node, secret)).toBe('ok')
    expect(await remaining()).toBe(0)
    const verdict = await node.verify(secret)
    expect(verdict).toMatchObject({ ok: false, reason: 'quota_exceeded', key: { name: 'k' } })
    const { retryAfterMs } = verdict as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(31 * 86_400_000)
  })

  it('is spent without a promise while there are credits in memory, and once it is exceeded', async () => {
    const node = await db.latchkey()
    const { secret } = await aKey(node, { quota: large })
    for (let i = 0; i < 500; i++) expect(await outcome(node, secret)).toBe('ok')
    let promises = 0
    for (let i = 0; i < 500; i++) {
      const verdict = node.verify(secret)
      if (verdict instanceof Promise) promises++
      await verdict
    }
    expect(promises).toBeLessThan(50)
    const one = await aKey(node, { quota: { limit: 1, period: 'never' } })
    for (let i = 0; i < 2; i++) await node.verify(one.secret)
    expect(node.verify(one.secret)).toMatchObject({ reason: 'quota_exceeded', retryAfterMs: null })
  })

  it('is asked last: what is refused for another reason takes nothing of it', async () => {
    const node = await db.latchkey()
    const { secret, remaining, update } = await aKey(node, {
      quota,
      rateLimits: [{ name: 'burst', limit: 3, windowSeconds: 3_600 }],
    })
    expect(await outcome(node, secret, { scopes: ['contacts:read'] })).toBe('insufficient_scope')
    expect(await outcome(node, secret, { environment: 'test' })).toBe('environment')
    await update({ enabled: false })
    expect(await outcome(node, secret)).toBe('disabled')
    await update({ enabled: true })
    for (let i = 0; i < 3; i++) expect(await outcome(node, secret)).toBe('ok')
    for (let i = 0; i < 3; i++) expect(await outcome(node, secret)).toBe('rate_limited')
    expect(await remaining()).toBe(7)
  })

  it('that is exceeded gives the units of rate limits not back, for a request was made', async () => {
    const node = await db.latchkey()
    const { secret } = await aKey(node, {
      quota: { limit: 1, period: 'never' },
      rateLimits: [{ name: 'burst', limit: 3, windowSeconds: 3_600 }],
    })
    const outcomes: string[] = []
    for (let i = 0; i < 4; i++) outcomes.push(await outcome(node, secret))
    expect(outcomes).toEqual(['ok', 'quota_exceeded', 'quota_exceeded', 'rate_limited'])
  })

  it('is spent by the cost of a request, which may be nothing, or too much for any quota', async () => {
    const node = await db.latchkey()
    const { secret, remaining } = await aKey(node, { quota })
    expect(await outcome(node, secret, { cost: 7 })).toBe('ok')
    expect(await outcome(node, secret, { cost: 4 })).toBe('quota_exceeded')
    expect(await outcome(node, secret, { cost: 0 })).toBe('ok')
    expect(await outcome(node, secret, { cost: 3 })).toBe('ok')
    expect(await outcome(node, secret, { cost: 0 })).toBe('ok')
    expect(await remaining()).toBe(0)
    expect(await node.verify(secret, { cost: 11 })).toMatchObject({ retryAfterMs: null })
  })

  it('counts requests over it as refused', async () => {
    const node = await db.latchkey()
    const { secret, owner, id } = await aKey(node, { quota: { limit: 2, period: 'never' } })
    const counted = await db.latchkey()
    for (let i = 0; i < 5; i++) await outcome(counted, secret)
    await counted.close()
    expect(must(await node.usage.ofKey(owner, id)).series).toMatchObject({
      total: 5,
      accepted: 2,
      refused: { quota_exceeded: 3 },
    })
  })

  it('that is changed is in force at once here, and within a moment on every node', async () => {
    const [node, other] = [await db.latchkey(), await db.latchkey()]
    const { secret, update } = await aKey(node, { quota: { limit: 1, period: 'never' } })
    const both = async () => [await outcome(node, secret), await outcome(other, secret)]
    expect(await outcome(other, secret)).toBe('ok')
    expect(await both()).toEqual(['quota_exceeded', 'quota_exceeded'])

    await update({ quota: { limit: 1, period: 'never', remaining: 2 } })
    expect(await outcome(node, secret)).toBe('ok')
    await expect.poll(() => outcome(other, secret), { timeout: 2_000 }).toBe('ok')
    expect(await both()).toEqual(['quota_exceeded', 'quota_exceeded'])

    await update({ quota: { limit: 3, period: 'never' } })
    expect(await both()).toEqual(['ok', 'ok'])

    await update({ quota: null })
    expect(await outcome(node, secret)).toBe('ok')
    await expect.poll(() => outcome(other, secret), { timeout: 2_000 }).toBe('ok')
    for (let i = 0; i < 20; i++) expect(await both()).toEqual(['ok', 'ok'])

    await update({ quota: { limit: 5, period: 'never', remaining: 0 } })
    expect(await outcome(node, secret)).toBe('quota_exceeded')
    await expect.poll(() => outcome(other, secret), { timeout: 2_000 }).toBe('quota_exceeded')
  })

  it('that is changed by hand reaches every node too', async () => {
    const node = await db.latchkey()
    const { secret, uuid } = await aKey(node)
    const after = async (change: ReturnType<typeof sql>, expected: string) => {
      for (let i = 0; i < 3; i++) await outcome(node, secret)
      await db.database.drizzle.execute(change)
      await expect.poll(() => outcome(node, secret), { timeout: 3_000 }).toBe(expected)
    }
    const insert = sql`insert into latchkey.quotas (key_id, credits, remaining, period, time_zone)
      values (${uuid}::uuid, 1, 0, 'never', 'UTC')`
    await after(insert, 'quota_exceeded')
    await after(sql`delete from latchkey.quotas where key_id = ${uuid}::uuid`, 'ok')
    await after(insert, 'quota_exceeded')
    await after(sql`update latchkey.quotas set remaining = 1000 where key_id = ${uuid}::uuid`, 'ok')
  })

  it('wakes nobody when credits are taken, given back or filled up', async () => {
    const node = await db.latchkey()
    const { secret, uuid } = await aKey(node, { quota: large })
    const written = async () => {
      const [row] = await db.database.query<{ changes: string; xmin: string }>(
        `select (select last_value::text from latchkey.changes_sequence_seq) as changes, xmin::text
         from latchkey.keys where id = $1::uuid`,
        [uuid],
      )
      return row!
    }
    const before = await written()
    const spending = await db.latchkey()
    for (let i = 0; i < 200; i++) await outcome(spending, secret)
    await db.database.drizzle.execute(
      sql`update latchkey.quotas set ends_at = now() where key_id = ${uuid}::uuid`,
    )
    await spending.close()
    const filling = await db.latchkey()
    expect(await outcome(filling, secret)).toBe('ok')
    await filling.close()
    expect(await written()).toEqual(before)
  })

  it('gets back what a node did not spend, when it is closed', async () => {
    const node = await db.latchkey()
    const { secret, remaining } = await aKey(node, { quota: large })
    const spending = await db.latchkey()
    for (let i = 0; i < 300; i++) await outcome(spending, secret)
    expect(await remaining()).toBeLessThan(1_000_000 - 300)
    await spending.close()
    expect(await remaining()).toBe(1_000_000 - 300)
  })

  it('gets back what a node did not spend for some seconds, also of a key that was changed meanwhile', async () => {
    const node = await db.latchkey()
    const [idle, renamed] = [await aKey(node, { quota: large }), await aKey(node, { quota: large })]
    for (const { secret } of [idle, renamed]) {
      for (let i = 0; i < 300; i++) await outcome(node, secret)
    }
    await renamed.update({ name: 'renamed' })
    const left = async () => [await idle.remaining(), await renamed.remaining()]
    expect(Math.max(...(await left()))).toBeLessThan(1_000_000 - 300)
    await expect.poll(left, { timeout: 10_000 }).toEqual([1_000_000 - 300, 1_000_000 - 300])
    expect(await outcome(node, idle.secret)).toBe('ok')
    expect(await idle.remaining()).toBe(1_000_000 - 301)
  })

  it('is shown by every way to read a key, and kept when something else is changed', async () => {
    const node = await db.latchkey()
    const timeZone = 'America/New_York'
    const { owner, id, update } = await aKey(node, {
      quota: { limit: 50, period: 'month', timeZone, anchorDay: 31 },
    })
    const shown = {
      limit: 50,
      period: 'month',
      timeZone,
      anchorDay: 31,
      remaining: 50,
      refillsAt: expect.any(Date) as Date,
    }
    expect((await node.keys.get(owner, id))!.quota).toEqual(shown)
    expect(must(await node.keys.list(owner)).data[0]!.quota).toEqual(shown)
    expect((await update({ name: 'n' })).quota).toEqual(shown)
    expect((await update({ quota: { limit: 50, period: 'month' } })).quota).toMatchObject({
      timeZone: 'UTC',
      anchorDay: 1,
    })
    expect((await update({ quota: { limit: 20, period: 'never' } })).quota).toMatchObject({
      remaining: 20,
      anchorDay: null,
      refillsAt: null,
    })
    expect((await update({ quota: null })).quota).toBeNull()
  })
})

it.each(['cut', 'blackhole'] as const)(
  'goes on with the credits in memory while the database is gone (%s), then says "unavailable", and loses none',
  async (fault) => {
    const server = await freshDatabase()
    const proxy = await createFaultProxy(server.url)
    const node = await createLatchkey({ database: proxy.url, scopes, onError: () => undefined })
    const near = await createLatchkey({ database: server.url, scopes })
    const { secret, remaining } = await aKey(near, { quota: large })
    const rare = await aKey(near, { quota: large })
    for (const key of [secret, rare.secret]) for (let i = 0; i < 300; i++) await outcome(node, key)
    // Whatever is on its way arrives.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const held = 1_000_000 - 300 - (await remaining())
    expect(held).toBeGreaterThan(5)

    await proxy[fault]()
    let spent = 0
    let verdict = node.verify(secret)
    for (; !(verdict instanceof Promise); spent++) {
      expect(verdict).toMatchObject({ ok: true })
      verdict = node.verify(secret)
    }
    expect(spent).toBe(held)
    await expect(verdict).rejects.toBeInstanceOf(StoreUnavailable)

    // Long enough for a block to be given back, which must wait.
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    await proxy.restore()
    await vi.waitUntil(async () => (await outcome(node, secret).catch(() => 'unavailable')) === 'ok', {
      timeout: 15_000,
      interval: 100,
    })
    await node.close()
    expect(await rare.remaining()).toBe(1_000_000 - 300)
    await near.close()
    await proxy.close()
    await server.drop()
  },
)
