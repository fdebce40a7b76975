import { randomUUID } from 'node:crypto'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createKeyId, keyIdToUuid } from '../src/key-id.ts'
import { createUsageStore, type UsageStore } from '../src/postgres/usage-store.ts'
import { createUsageRecorder, type Outcome, type UsageCount } from '../src/usage.ts'
import { parseUsageQuery, type UsageInterval, type UsageQuery } from '../src/usage-query.ts'
import { keptSince } from '../src/usage-retention.ts'
import { createUsage, type UsageSeries } from '../src/usage-series.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const now = Date.parse('2026-11-22T12:34:56Z')
const usageRetentionDays = { minute: 7, quarterHour: 90, day: 730 }

describe.each(testDatabases)('usage on $name', ({ create }) => {
  const db = useDatabase(create)
  let store: UsageStore
  beforeAll(async () => {
    // Makes the tables.
    await db.latchkey()
    store = aStore()
  })

  const aStore = (namespace = 'default') => createUsageStore(db.database, namespace, randomUUID())

  /** A key that exists, of an owner of its own. */
  async function aStoredKey() {
    const owner = anOwner()
    const latchkey = await db.latchkey()
    return { owner, id: must(await latchkey.keys.create(owner, ann, { name: 'k' })).apiKey.id }
  }

  function aCount(
    key: { id: string; owner: string },
    more: Partial<UsageCount> & { at: number },
  ): UsageCount {
    const { at, ...rest } = more
    const minute = Math.floor(at / MINUTE_MS)
    const counted = { outcome: 'accepted', count: 1, lastUsedMs: at, address: null } as const
    return { ...key, secretId: undefined, minute, ...counted, ...rest }
  }

  let sequence = 0
  const save = (...counts: UsageCount[]) => store.save({ sequence: ++sequence, counts })

  const usageAt = (nowMs: number) => createUsage({ store, usageRetentionDays, now: () => nowMs })

  async function seriesOf(owner: string, query: UsageQuery, nowMs = now): Promise<UsageSeries> {
    return must(await usageAt(nowMs).ofOwner(owner, query)).series
  }

  async function lastUse(id: string) {
    const [row] = await db.database.drizzle
      .select({ at: sql<string>`used_at::text`, address: sql<string | null>`host(address)` })
      .from(sql`latchkey.last_used`)
      .where(sql`key_id = ${keyIdToUuid(id)}`)
    return row && { at: new Date(row.at).getTime(), address: row.address }
  }

  it('tells of several keys side by side, and of the busiest when none is named', async () => {
    const [busy, calm, foreign] = [await aStoredKey(), await aStoredKey(), await aStoredKey()]
    const { owner } = busy
    const latchkey = await db.latchkey()
    const idle = must(await latchkey.keys.create(owner, ann, { name: 'idle' })).apiKey.id
    const second = must(await latchkey.keys.create(owner, ann, { name: 'second' })).apiKey.id
    await save(
      aCount(busy, { at: now, count: 3 }),
      aCount(busy, { at: now - DAY_MS, outcome: 'expired', count: 2 }),
      aCount({ owner, id: second }, { at: now, count: 4 }),
      aCount(calm, { at: now }),
      aCount(foreign, { at: now, count: 100 }),
    )
    const week = { from: new Date(now - 6 * DAY_MS) }
    const tell = async (query: object, as = owner) =>
      must(await usageAt(now).ofKeys(as, { ...week, ...query })).usage

    const named = await tell({ ids: [idle, foreign.id, busy.id, 'nothing', busy.id] })
    expect(named).toMatchObject({ interval: 'day', from: new Date('2026-11-16T00:00:00Z') })
    expect(named.keys.map(({ id, total }) => [id, total])).toEqual([
      [idle, 0],
      [busy.id, 5],
    ])
    const { series } = must(await usageAt(now).ofKey(owner, busy.id, week))
    const { total, accepted, refused, data } = series
    expect(named.keys[1]).toEqual({ id: busy.id, name: 'k', total, accepted, refused, data })

    expect((await tell({})).keys.map(({ name }) => name)).toEqual(['k', 'second'])
    expect((await tell({ limit: 1 })).keys.map(({ id }) => id)).toEqual([busy.id])
    expect((await tell({ from: new Date(now) })).keys.map(({ id }) => id)).toEqual([second, busy.id])
    expect((await tell({}, anOwner())).keys).toEqual([])
  })

  it('tells what was counted by the minute, the hour and the day, for the key and its owner', async () => {
    const key = await aStoredKey()
    const other = { owner: key.owner, id: createKeyId() }
    await save(
      aCount(key, { at: now, count: 3 }),
      aCount(key, { at: now, outcome: 'expired', count: 2 }),
      aCount(key, { at: now - HOUR_MS }),
      aCount(other, { at: now - DAY_MS, count: 10 }),
    )
    await save(aCount(key, { at: now, count: 4 }))
    for (const [interval, buckets, first] of [
      ['minute', 60, '2026-11-22T11:35:00.000Z'],
      ['hour', 24, '2026-11-21T13:00:00.000Z'],
      ['day', 30, '2026-10-24T00:00:00.000Z'],
    ] as const) {
      const { series } = must(await usageAt(now).ofKey(key.owner, key.id, { interval }))
      expect(series).toMatchObject({ interval, timeZone: 'UTC', from: new Date(first) })
      expect(series.data).toHaveLength(buckets)
      expect(series.data[0]!.start).toEqual(series.from)
      expect(series.data.at(-1)).toMatchObject({
        total: interval === 'day' ? 10 : 9,
        accepted: interval === 'day' ? 8 : 7,
        refused: { expired: 2 },
      })
      const idle = series.data.filter(({ total }) => total === 0)
      expect(idle[0]).toEqual({ start: idle[0]!.start, total: 0, accepted: 0, refused: {} })
    }
    expect(await seriesOf(key.owner, { interval: 'day' })).toMatchObject({
      total: 20,
      accepted: 18,
      refused: { expired: 2 },
    })
  })

  it('tells nobody about the keys of another owner or namespace', async () => {
    const key = await aStoredKey()
    await save(aCount(key, { at: now }))
    const notFound = { ok: false, reason: 'not_found' }
    const usage = usageAt(now)
    expect(await usage.ofKey(anOwner(), key.id)).toEqual(notFound)
    expect(await usage.ofKey(key.owner, createKeyId())).toEqual(notFound)
    expect(await usage.ofKey(key.owner, 'nonsense')).toEqual(notFound)
    const elsewhere = createUsage({ store: aStore('elsewhere'), usageRetentionDays, now: () => now })
    expect(await elsewhere.ofKey(key.owner, key.id)).toEqual(notFound)
    expect(must(await elsewhere.ofOwner(key.owner)).series.total).toBe(0)
    expect(await seriesOf(anOwner(), {})).toMatchObject({ total: 0 })
    await expect(usage.ofOwner('')).rejects.toThrow(TypeError)
  })

  it('stores a batch once, however often and in whatever order it is sent', async () => {
    const key = await aStoredKey()
    const again = aStore()
    const first = { sequence: 1, counts: [aCount(key, { at: now })] }
    const second = { sequence: 2, counts: [aCount(key, { at: now, count: 10 })] }
    await again.save(first)
    await again.save(first)
    await Promise.all([again.save(second), again.save(second), again.save(second)])
    await again.save(first)
    expect(await seriesOf(key.owner, {})).toMatchObject({ total: 11 })
  })

  it('counts once what was stored although nobody heard so', async () => {
    const key = await aStoredKey()
    const node = aStore()
    let isDeaf = true
    const recorder = createUsageRecorder({
      async save(batch) {
        await node.save(batch)
        if (isDeaf) throw new Error('The answer was lost.')
      },
      onLost: () => undefined,
    })
    const meter = recorder.meterOf(key)
    for (let i = 0; i < 5; i++) {
      recorder.record(meter, 'accepted', now)
      await expect(recorder.flush()).rejects.toThrow('lost')
    }
    isDeaf = false
    await recorder.flush()
    expect(await seriesOf(key.owner, {})).toMatchObject({ total: 5 })
  })

  it('adds up what several nodes store about the same keys at once', async () => {
    const owner = anOwner()
    const ids = Array.from({ length: 40 }, createKeyId)
    const nodes = Array.from({ length: 4 }, () => {
      const node = aStore()
      const recorder = createUsageRecorder({ save: node.save, onLost: () => undefined })
      const meters = ids.map((id) => recorder.meterOf({ id, owner }))
      return { recorder, meters }
    })
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        nodes.map(({ recorder, meters }, i) => {
          // Each in another order, so that nothing but the statement keeps them from waiting for each other.
          for (const meter of i % 2 ? meters : meters.toReversed())
            recorder.record(meter, 'accepted', now + round)
          return recorder.flush()
        }),
      )
    }
    expect(await seriesOf(owner, {})).toMatchObject({ total: 4 * 5 * 40, accepted: 4 * 5 * 40 })
    expect(await lastUse(ids[7]!)).toEqual({ at: now + 4, address: null })
  })

  it('moves the last use forward only, with its address, and forgets none for a key that is gone', async () => {
    const gone = { id: createKeyId(), owner: anOwner() }
    await save(aCount(gone, { at: now, address: '::ffff:192.0.2.7' }))
    expect(await lastUse(gone.id)).toEqual({ at: now, address: '192.0.2.7' })
    await save(aCount(gone, { at: now - 1, address: '192.0.2.8' }))
    expect(await lastUse(gone.id)).toEqual({ at: now, address: '192.0.2.7' })
    await save(aCount(gone, { at: now + MINUTE_MS, address: 'fe80::1%eth0' }), aCount(gone, { at: now + 2 }))
    expect(await lastUse(gone.id)).toEqual({ at: now + MINUTE_MS, address: 'fe80::1' })
    await save(aCount(gone, { at: now + 2 * MINUTE_MS, address: 'no address' }))
    expect(await lastUse(gone.id)).toEqual({ at: now + 2 * MINUTE_MS, address: null })
    await save(aCount(gone, { at: now + 3 * MINUTE_MS, outcome: 'revoked', address: '192.0.2.9' }))
    expect(await lastUse(gone.id)).toEqual({ at: now + 2 * MINUTE_MS, address: null })
    expect(await seriesOf(gone.owner, {})).toMatchObject({ total: 6, refused: { revoked: 1 } })
  })

  it('deletes what was kept long enough, a part at a time, and says so instead of telling zeros', async () => {
    const key = await aStoredKey()
    const old = Date.parse('2026-11-14T00:30:00Z')
    const counts = Array.from({ length: 300 }, (_, i) => aCount(key, { at: old - i * MINUTE_MS }))
    await save(...counts, aCount(key, { at: now }))
    const keptSinceMs = {
      minute: keptSince(usageRetentionDays.minute, now),
      quarterHour: keptSince(usageRetentionDays.quarterHour, now),
      day: keptSince(usageRetentionDays.day, now),
    }
    const from = new Date(old - HOUR_MS)
    const query: UsageQuery = { from, to: new Date(old), interval: 'minute' }
    // Asked with a longer retention than what was swept with: as when the option was raised since.
    const generous = createUsage({
      store,
      usageRetentionDays: { ...usageRetentionDays, minute: 30 },
      now: () => now,
    })
    expect(must(await generous.ofOwner(key.owner, query)).series.total).toBe(60)
    while (await store.sweep(keptSinceMs));
    const refused = await generous.ofOwner(key.owner, query)
    expect(refused).toMatchObject({ ok: false, field: 'from' })
    expect(JSON.stringify(refused)).toContain('2026-11-14T00:00:00.000Z')
    expect(await seriesOf(key.owner, { ...query, interval: 'hour' })).toMatchObject({ total: 91 })
    expect(await seriesOf(key.owner, { interval: 'day' })).toMatchObject({ total: 301 })
    const left = await db.database.drizzle.$count(
      sql`latchkey.usage`,
      sql`resolution = 'm' and bucket < ${new Date(keptSinceMs.minute).toISOString()}::timestamptz`,
    )
    expect(left).toBe(0)
  })

  it('deletes at most some thousands of rows at once', async () => {
    const elsewhere = aStore('crowded')
    const { drizzle } = db.database
    await drizzle.execute(sql`
      insert into latchkey.usage (subject, resolution, bucket, outcome, count, namespace)
      select gen_random_uuid(), 'm', '2020-01-01T00:00:00Z', 'accepted', 1, 'crowded' from generate_series(1, 7000)`)
    const keptSinceMs = { minute: now, quarterHour: now, day: now }
    expect(await elsewhere.sweep(keptSinceMs)).toBe(true)
    expect(await drizzle.$count(sql`latchkey.usage`, sql`namespace = 'crowded'`)).toBe(2_000)
    expect(await elsewhere.sweep(keptSinceMs)).toBe(false)
    expect(await drizzle.$count(sql`latchkey.usage`, sql`namespace = 'crowded'`)).toBe(0)
  })

  it('tells every request once, whatever the buckets and the zone', async () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe']
    const intervals: UsageInterval[] = ['minute', 'hour', 'day']
    const outcomes: Outcome[] = ['accepted', 'expired', 'insufficient_scope']
    const event = fc.record({
      at: fc.integer({ min: now - 6 * DAY_MS, max: now }),
      outcome: fc.constantFrom(...outcomes),
      count: fc.integer({ min: 1, max: 1_000 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(...intervals),
        fc.constantFrom(...zones),
        fc.integer({ min: 1, max: 24 * 60 }),
        async (events, interval, timeZone, minutes) => {
          const key = { id: createKeyId(), owner: anOwner() }
          await save(...events.map((each) => aCount(key, each)))
          const from = new Date(events[0]!.at)
          const to = new Date(from.getTime() + minutes * MINUTE_MS)
          const series = await seriesOf(key.owner, { from, to, interval, timeZone })
          const inside = (at: number, start: Date, end: Date) => at >= start.getTime() && at < end.getTime()
          for (const [i, bucket] of series.data.entries()) {
            const end = series.data[i + 1]?.start ?? series.to
            const expected = events.filter(({ at }) => inside(at, bucket.start, end))
            expect(bucket.total).toBe(expected.reduce((sum, { count }) => sum + count, 0))
          }
          const expected = events.filter(({ at }) => inside(at, series.from, series.to))
          const sum = (of: typeof expected) => of.reduce((total, { count }) => total + count, 0)
          expect(series.total).toBe(sum(expected))
          expect(series.accepted).toBe(sum(expected.filter(({ outcome }) => outcome === 'accepted')))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('makes days of the zone of stored counts, also those of 23 and 25 hours', async () => {
    const owner = anOwner()
    const at = Date.parse('2026-11-01T00:30:00-04:00')
    // One request each half hour, from half past midnight on, for three days in New York.
    await save(
      ...Array.from({ length: 3 * 48 }, (_, i) =>
        aCount({ id: createKeyId(), owner }, { at: at + i * (HOUR_MS / 2) }),
      ),
    )
    const query = { from: new Date(at), to: new Date(at + 2 * DAY_MS), timeZone: 'America/New_York' }
    const { data } = await seriesOf(owner, query)
    expect(data.map(({ start, total }) => [start.toISOString(), total])).toEqual([
      ['2026-11-01T04:00:00.000Z', 49],
      ['2026-11-02T05:00:00.000Z', 48],
    ])
    expect(parseUsageQuery(query, now)).toMatchObject({ value: { resolution: 'quarterHour' } })
  })
})
