import { testDatabases } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { createRouteUses, type RouteUseBatch } from '../src/route-uses.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const reading = { method: 'GET', path: '/contacts', scopes: ['contacts:read'], anyScope: [] }
const writing = {
  method: 'POST',
  path: '/contacts',
  scopes: ['contacts:read', 'contacts:write'],
  anyScope: [],
}

describe('counting which routes keys open', () => {
  const now = () => Date.parse('2026-11-27T12:00:00Z')

  function aRecorder(fail: () => boolean = () => false) {
    const saved: RouteUseBatch[] = []
    const save = async (batch: RouteUseBatch) => {
      if (fail()) throw new Error('away')
      saved.push(batch)
    }
    return { saved, uses: createRouteUses({ save, now }) }
  }

  it('counts by key and route, and stores each count once', async () => {
    const { saved, uses } = aRecorder()
    const [read, write] = [uses.counterOf(reading), uses.counterOf(writing)]
    for (let i = 0; i < 3; i++) read.count('a')
    read.count('b')
    write.count('a')
    expect(uses.counterOf({ ...reading })).toBe(read)
    await uses.flush()
    await uses.flush()
    expect(saved).toHaveLength(1)
    expect(saved[0]!.uses.map(({ route, id, count, day }) => [route.method, id, count, day])).toEqual([
      ['GET', 'a', 3, '2026-11-27'],
      ['GET', 'b', 1, '2026-11-27'],
      ['POST', 'a', 1, '2026-11-27'],
    ])
  })

  it('goes on storing after a flush that had nothing to store', async () => {
    const { saved, uses } = aRecorder()
    await uses.flush()
    uses.counterOf(reading).count('a')
    await uses.flush()
    expect(saved).toHaveLength(1)
  })

  it('sends a batch again unchanged when its fate is unknown', async () => {
    let isAway = true
    const { saved, uses } = aRecorder(() => isAway)
    uses.counterOf(reading).count('a')
    await expect(uses.flush()).rejects.toThrow('away')
    uses.counterOf(reading).count('a')
    isAway = false
    await uses.flush()
    expect(saved.map(({ sequence, uses: [use] }) => [sequence, use!.count])).toEqual([
      [1, 1],
      [2, 1],
    ])
  })

  it('keeps within bounds however many keys and routes there are', async () => {
    const { saved, uses } = aRecorder()
    const counter = uses.counterOf(reading)
    for (let key = 0; key < 30_000; key++) counter.count(`key ${key}`)
    for (let route = 0; route < 3_000; route++) uses.counterOf({ ...reading, path: `/${route}` }).count('a')
    await uses.flush()
    const stored = saved.flatMap((batch) => batch.uses)
    expect(stored.filter(({ route }) => route.path === '/contacts')).toHaveLength(20_000)
    expect(new Set(stored.map(({ route }) => route.path)).size).toBe(2_000)
  })
})

describe.each(testDatabases)('what keys were used for, on $name', ({ create }) => {
  const db = useDatabase(create)

  async function aKey(scopes: string[]) {
    const owner = anOwner()
    const latchkey = await db.latchkey()
    return { owner, id: must(await latchkey.keys.create(owner, ann, { name: 'k', scopes })).apiKey.id }
  }

  it('tells routes, how often, and which scopes were needed', async () => {
    const { owner, id } = await aKey(['contacts:*'])
    const other = await aKey(['contacts:read'])
    for (let round = 0; round < 2; round++) {
      const node = await db.latchkey()
      for (let i = 0; i < 3; i++) node.routeUses.counterOf(reading).count(id)
      node.routeUses.counterOf(reading).count(other.id)
      await node.close()
    }
    const latchkey = await db.latchkey()
    const { report } = must(await latchkey.routeUses.ofKey(owner, id))
    const today = new Date().toISOString().slice(0, 10)
    expect(report.routes).toEqual([{ ...reading, count: 6, lastUsedOn: today }])
    expect(report.scopes).toEqual([
      { name: 'contacts:read', lastUsedOn: today },
      { name: 'contacts:write', lastUsedOn: null },
    ])
    expect(report.since.getTime()).toBeLessThanOrEqual(Date.now())
    expect(await latchkey.routeUses.ofKey(other.owner, id)).toEqual({ ok: false, reason: 'not_found' })
    expect(await latchkey.routeUses.ofKey(owner, id, { days: 0 })).toMatchObject({ field: 'days' })
  })

  it('forgets what nobody can ask for any more, and nothing else', async () => {
    const dayMs = 86_400_000
    const { owner, id } = await aKey(['contacts:read'])
    for (const daysAgo of [89, 91]) {
      const node = await db.latchkey({ now: () => Date.now() - daysAgo * dayMs })
      node.routeUses.counterOf(reading).count(id)
      await node.close()
    }
    const { createRouteUseStore } = await import('../src/postgres/route-use-store.ts')
    const store = createRouteUseStore(db.database, 'default', crypto.randomUUID())
    const before = new Date(Date.now() - 90 * dayMs).toISOString().slice(0, 10)
    expect(await store.sweep(before)).toBe(false)
    const latchkey = await db.latchkey()
    const { report } = must(await latchkey.routeUses.ofKey(owner, id, { days: 90 }))
    expect(report.routes.map(({ count }) => count)).toEqual([1])
    expect((await store.read(owner, id, '2000-01-01'))!.routes.map(({ count }) => count)).toEqual([1])
  })

  it('counts a batch once, however often it is sent', async () => {
    const { owner, id } = await aKey(['contacts:read'])
    const { createRouteUseStore } = await import('../src/postgres/route-use-store.ts')
    const store = createRouteUseStore(db.database, 'default', crypto.randomUUID())
    const day = new Date().toISOString().slice(0, 10)
    const batch = { sequence: 1, uses: [{ route: writing, id, day, count: 5 }] }
    await Promise.all([store.save(batch), store.save(batch)])
    expect((await store.read(owner, id, day))!.routes.map(({ count }) => count)).toEqual([5])
  })
})
