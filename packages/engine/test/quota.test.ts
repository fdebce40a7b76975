import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MAX_CREDITS,
  periodAt,
  quotaAt,
  redefine,
  type QuotaDefinition,
  type QuotaPeriod,
  type StoredQuota,
} from '../src/quota.ts'
import { findTimeZone } from '../src/time-zone.ts'

const HOUR_MS = 3_600_000
const at = (moment: string) => Date.parse(moment)

function aQuota(period: QuotaPeriod, differences: Partial<QuotaDefinition> = {}): QuotaDefinition {
  return { limit: 100, period, timeZone: 'UTC', anchorDay: period === 'month' ? 1 : null, ...differences }
}

/** When a quota is filled, from a moment on. */
function refills(definition: QuotaDefinition, from: string, count: number): string[] {
  const moments: string[] = []
  let ms = at(from)
  for (let i = 0; i < count; i++) {
    ms = periodAt(definition, ms)!.endMs
    moments.push(new Date(ms).toISOString().slice(0, 16))
  }
  return moments
}

const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  // Its clocks skip midnight.
  'America/Santiago',
  // It has skipped a whole day.
  'Pacific/Apia',
  'Pacific/Kiritimati',
)
const moments = fc.integer({ min: at('2009-12-25T00:00:00Z'), max: at('2032-01-05T00:00:00Z') })
const definitions = fc
  .record({
    timeZone: zones,
    period: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
    anchorDay: fc.integer({ min: 1, max: 31 }),
  })
  .map(({ timeZone, period, anchorDay }) =>
    aQuota(period, { timeZone, anchorDay: period === 'month' ? anchorDay : null }),
  )

/** What a calendar and a clock on the wall show. */
function onTheWall(timeZone: string, ms: number) {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'numeric',
    year: 'numeric',
  })
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  return {
    weekday: parts.weekday,
    day: Number(parts.day),
    month: Number(parts.month),
    year: Number(parts.year),
  }
}

describe('the periods of a quota', () => {
  it('follow on each other without a gap or an overlap, so that each is filled once', () => {
    fc.assert(
      fc.property(definitions, moments, (definition, ms) => {
        const period = periodAt(definition, ms)!
        expect(period.startMs).toBeLessThanOrEqual(ms)
        expect(period.endMs).toBeGreaterThan(ms)
        expect(periodAt(definition, period.startMs)).toEqual(period)
        expect(periodAt(definition, period.endMs - 1)).toEqual(period)
        expect(periodAt(definition, period.endMs)!.startMs).toBe(period.endMs)
        expect(periodAt(definition, period.startMs - 1)!.endMs).toBe(period.startMs)
      }),
      { numRuns: 2_000 },
    )
  })

  it('begin on the right day of the calendar, with its first moment', () => {
    fc.assert(
      fc.property(definitions, moments, (definition, ms) => {
        const { timeZone, period, anchorDay } = definition
        const { startMs } = periodAt(definition, ms)!
        const first = onTheWall(timeZone, startMs)
        const before = onTheWall(timeZone, startMs - 1)
        expect(first.day).not.toBe(before.day)
        // On 30 December 2011 there was nothing in Samoa, so its week and its month begin with the next day or none.
        fc.pre(timeZone !== 'Pacific/Apia' || Math.abs(startMs - at('2011-12-30T10:00:00Z')) > HOUR_MS)
        if (period === 'week') expect(first.weekday).toBe('Mon')
        if (period === 'month') {
          const lastDay = new Date(Date.UTC(first.year, first.month, 0)).getUTCDate()
          expect(first.day).toBe(Math.min(anchorDay!, lastDay))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    [31, ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']],
    [30, ['2026-01-30', '2026-02-28', '2026-03-30', '2026-04-30', '2026-05-30']],
    [29, ['2026-01-29', '2026-02-28', '2026-03-29', '2026-04-29', '2026-05-29']],
    [1, ['2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01']],
  ])('of a month begin on day %i, or on its last one', (anchorDay, days) => {
    const quota = aQuota('month', { anchorDay })
    expect(refills(quota, '2026-01-05T12:00:00Z', 5)).toEqual(days.map((day) => `${day}T00:00`))
  })

  it('know leap years', () => {
    const quota = aQuota('month', { anchorDay: 31 })
    expect(refills(quota, '2028-01-31T00:00:00Z', 2)).toEqual(['2028-02-29T00:00', '2028-03-31T00:00'])
    expect(refills(quota, '2100-02-01T00:00:00Z', 1)).toEqual(['2100-02-28T00:00'])
  })

  it('are as long as the day, also when clocks change', () => {
    const quota = aQuota('day', { timeZone: 'Europe/Berlin' })
    const hours = (moment: string) => {
      const { startMs, endMs } = periodAt(quota, at(moment))!
      return (endMs - startMs) / HOUR_MS
    }
    expect(
      ['2026-03-28', '2026-03-29', '2026-10-25', '2026-10-26'].map((day) => hours(`${day}T12:00:00Z`)),
    ).toEqual([24, 23, 25, 24])
    expect(refills(quota, '2026-03-29T00:30:00Z', 2)).toEqual(['2026-03-29T22:00', '2026-03-30T22:00'])
  })

  it('begin on Monday, across the end of a year', () => {
    expect(refills(aQuota('week'), '2026-12-31T23:59:59Z', 2)).toEqual([
      '2027-01-04T00:00',
      '2027-01-11T00:00',
    ])
    expect(periodAt(aQuota('week'), at('2026-12-28T00:00:00Z'))!.startMs).toBe(at('2026-12-28T00:00:00Z'))
  })

  it('never end when nothing is filled again', () => {
    expect(periodAt(aQuota('never'), 0)).toBeNull()
  })

  it('do not begin in a time zone that is not known', () => {
    expect(() => periodAt(aQuota('day', { timeZone: 'Mars/Olympus' }), 0)).toThrow('Mars/Olympus')
    expect(findTimeZone('Mars/Olympus')).toBeNull()
  })
})

describe('how a quota stands', () => {
  const stored: StoredQuota = { ...aQuota('day'), remaining: 7, endsAtMs: at('2026-06-02T00:00:00Z') }

  it('is as it was stored until its period ends, and full from then on', () => {
    expect(quotaAt(stored, at('2026-06-01T23:59:59.999Z'))).toEqual({
      ...aQuota('day'),
      remaining: 7,
      refillsAt: new Date('2026-06-02T00:00:00Z'),
    })
    expect(quotaAt(stored, at('2026-06-02T00:00:00Z'))).toMatchObject({
      remaining: 100,
      refillsAt: new Date('2026-06-03T00:00:00Z'),
    })
    expect(quotaAt(stored, at('2026-07-10T05:00:00Z'))).toMatchObject({
      remaining: 100,
      refillsAt: new Date('2026-07-11T00:00:00Z'),
    })
  })

  it('stays as it is when it is never filled', () => {
    const once: StoredQuota = { ...aQuota('never'), remaining: 3, endsAtMs: null }
    expect(quotaAt(once, at('2036-01-01T00:00:00Z'))).toMatchObject({ remaining: 3, refillsAt: null })
  })
})

describe('a change of a quota', () => {
  const nowMs = at('2026-06-01T12:00:00Z')
  const current: StoredQuota = { ...aQuota('day'), remaining: 40, endsAtMs: at('2026-06-02T00:00:00Z') }

  it.each([
    ['a greater limit gives as many credits more', { limit: 150 }, 90, false],
    ['a smaller one takes as many away', { limit: 90 }, 30, false],
    ['but never more than there are', { limit: 10 }, 0, false],
    ['the same changes nothing', {}, 40, false],
    [
      'other periods leave what was spent spent, and void what nodes hold',
      { timeZone: 'Asia/Tokyo' },
      40,
      true,
    ],
    ['`remaining` says how many there are', { remaining: 5 }, 5, true],
    ['also more than the limit', { limit: 150, remaining: 1_000 }, 1_000, true],
    ['and none', { remaining: 0 }, 0, true],
  ])('%s', (_, differences, remaining, isAllottedAnew) => {
    const changed = redefine(current, { ...aQuota('day'), ...differences }, nowMs)
    expect(changed).toMatchObject({ remaining, isAllottedAnew })
  })

  it('begins with a full quota when there was none, or when its period is over', () => {
    expect(redefine(null, aQuota('day'), nowMs)).toMatchObject({ remaining: 100, isAllottedAnew: true })
    const over = { ...current, endsAtMs: nowMs }
    expect(redefine(over, aQuota('day', { limit: 20 }), nowMs)).toMatchObject({
      remaining: 20,
      endsAtMs: at('2026-06-02T00:00:00Z'),
    })
  })

  it('ends the period as the new definition says', () => {
    expect(redefine(current, aQuota('month'), nowMs).endsAtMs).toBe(at('2026-07-01T00:00:00Z'))
    expect(redefine(current, aQuota('never'), nowMs).endsAtMs).toBeNull()
  })

  it('never leads out of the numbers that are exact', () => {
    const most: StoredQuota = { ...aQuota('never'), limit: 1, remaining: MAX_CREDITS, endsAtMs: null }
    expect(redefine(most, aQuota('never', { limit: MAX_CREDITS }), nowMs).remaining).toBe(MAX_CREDITS)
  })
})
