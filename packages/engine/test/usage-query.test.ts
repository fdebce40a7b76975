import { describe, expect, it } from 'vitest'
import { checkKept, parseUsageQuery, type UsageQuery, type UsageRange } from '../src/usage-query.ts'
import { keptSince, resolveRetention } from '../src/usage-retention.ts'
import { must } from './set-up.ts'

const now = Date.parse('2026-11-22T12:34:56.789Z')
const rangeOf = (query: UsageQuery): UsageRange => must(parseUsageQuery(query, now)).value
const iso = (ms: number | undefined) => new Date(ms ?? Number.NaN).toISOString()

describe('the range of a usage query', () => {
  it.each([
    ['minute', 60, '2026-11-22T11:35:00.000Z', '2026-11-22T12:35:00.000Z'],
    ['hour', 24, '2026-11-21T13:00:00.000Z', '2026-11-22T13:00:00.000Z'],
    ['day', 30, '2026-10-24T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
  ] as const)('reaches back from now, the %s under way included: %i buckets', (interval, count, from, to) => {
    const { starts, endMs } = rangeOf({ interval })
    expect([starts.length, iso(starts[0]), iso(endMs)]).toEqual([count, from, to])
  })

  it('is of days in UTC when nothing is said', () => {
    expect(rangeOf({})).toMatchObject({ interval: 'day', timeZone: 'UTC', resolution: 'day' })
  })

  it('has every bucket that the span touches, and not the one that begins with its end', () => {
    const span = { from: new Date('2026-11-01T23:59:59.999Z'), to: new Date('2026-11-03T00:00:00Z') }
    expect(rangeOf(span).starts.map(iso)).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'])
    const onePastMidnight = { ...span, to: new Date('2026-11-03T00:00:00.001Z') }
    expect(rangeOf(onePastMidnight).starts).toHaveLength(3)
  })

  it.each([
    ['Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-23T22', '2026-10-24T22', '2026-10-25T23']],
    ['America/New_York', '2026-03-07T17:00Z', ['2026-03-07T05', '2026-03-08T05', '2026-03-09T04']],
  ])('has days from midnight to midnight in %s, also when clocks change', (timeZone, from, starts) => {
    const to = new Date(Date.parse(from) + 2 * 86_400_000)
    const days = rangeOf({ from: new Date(from), to, timeZone })
    expect(days.starts.map((start) => iso(start).slice(0, 13))).toEqual(starts)
    expect(days.resolution).toBe('quarterHour')
  })

  it.each([
    ['day', 'UTC', 'day'],
    ['hour', 'UTC', 'quarterHour'],
    ['minute', 'UTC', 'minute'],
    ['day', 'Asia/Kathmandu', 'quarterHour'],
    ['hour', 'Asia/Kathmandu', 'quarterHour'],
    ['day', 'Africa/Abidjan', 'day'],
  ] as const)('by the %s in %s is read from what is stored by the %s', (interval, timeZone, resolution) => {
    expect(rangeOf({ interval, timeZone }).resolution).toBe(resolution)
  })

  it('has at most 1,500 buckets', () => {
    const from = new Date('2026-11-01T00:00:00Z')
    const query = (minutes: number): UsageQuery => ({
      interval: 'minute',
      from,
      to: new Date(from.getTime() + minutes * 60_000),
    })
    expect(rangeOf(query(1_500)).starts).toHaveLength(1_500)
    expect(parseUsageQuery(query(1_501), now)).toEqual({
      ok: false,
      reason: 'invalid',
      field: 'from',
      message: 'would make a series of more than 1500 buckets; ask for less time or for a longer interval',
    })
    const epoch = parseUsageQuery({ from: new Date(0), to: new Date('9999-12-30') }, now)
    expect(epoch).toMatchObject({ message: expect.stringMatching(/ask for less time$/) as string })
  })

  it.each<[string, UsageQuery]>([
    ['interval', { interval: 'week' as 'day' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['from', { from: new Date(Number.NaN) }],
    ['from', { from: new Date(-1) }],
    ['to', { to: new Date(Number.NaN) }],
    ['to', { to: new Date('+010000-01-01T00:00:00Z') }],
    ['from', { from: new Date(now + 60_000) }],
    ['from', { from: new Date(now), to: new Date(now) }],
  ])('is refused for its %s: %j', (field, query) => {
    expect(parseUsageQuery(query, now)).toMatchObject({ ok: false, field })
  })
})

describe('retention', () => {
  const retention = resolveRetention(undefined)
  const check = (query: UsageQuery, deletedBeforeMs = 0) =>
    checkKept(rangeOf(query), retention, { nowMs: now, deletedBeforeMs })

  it.each([
    ['minute', 'UTC', 7],
    ['hour', 'UTC', 90],
    ['day', 'Asia/Kathmandu', 90],
    ['day', 'UTC', 730],
  ] as const)(
    'has whole days by the %s in %s for %i days, and says when they begin',
    (interval, timeZone, days) => {
      const span = (from: number): UsageQuery => ({
        interval,
        timeZone,
        from: new Date(from),
        to: new Date(from + 60_000),
      })
      expect(check(span(now - days * 86_400_000))).toBeNull()
      const refused = check(span(now - (days + 2) * 86_400_000))
      expect(refused).toMatchObject({ ok: false, field: 'from' })
      expect(refused!.message).toContain(iso(keptSince(days, now)))
    },
  )

  it('refuses what was deleted by somebody who keeps less', () => {
    expect(check({ interval: 'hour' })).toBeNull()
    expect(check({ interval: 'hour' }, now - 3_600_000)).toMatchObject({ field: 'from' })
  })

  it.each([
    [{ minute: 0 }, /usageRetentionDays.minute must be a whole number/],
    [{ day: 1.5 }, /usageRetentionDays.day must be/],
    [{ day: Number.NaN }, /usageRetentionDays.day must be/],
    [{ minute: 91 }, /longer, or the same/],
    [{ day: 89 }, /longer, or the same/],
    [{ hour: 10 }, /not hour/],
  ])('cannot be %j', (given, sentence) => {
    expect(() => resolveRetention(given as object)).toThrow(sentence)
  })

  it('is a week, a quarter and two years, unless it is said otherwise', () => {
    expect(retention).toEqual({ minute: 7, quarterHour: 90, day: 730 })
    expect(resolveRetention({ minute: 1, quarterHour: 1, day: 1 })).toEqual({
      minute: 1,
      quarterHour: 1,
      day: 1,
    })
  })
})
