import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findTimeZone } from '../src/time-zone.ts'

const HOUR_MS = 3_600_000

/** A day of a zone: when it begins, and how many hours it and its hours have. */
function dayOf(name: string, noon: string) {
  const zone = findTimeZone(name)!
  const start = zone.startOfDay(Date.parse(noon))
  const end = zone.endOfDay(start)
  const hours: number[] = []
  for (let hour = start; hour < end; hour = zone.endOfHour(hour)) {
    hours.push((zone.endOfHour(hour) - hour) / HOUR_MS)
  }
  return {
    start: new Date(start).toISOString(),
    length: (end - start) / HOUR_MS,
    hours: hours.length,
    odd: hours.filter((length) => length !== 1),
  }
}

describe('a time zone', () => {
  it.each([
    ['UTC', '2026-03-29T12:00Z', '2026-03-29T00:00:00.000Z', 24],
    ['Europe/Berlin', '2026-03-29T12:00Z', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00:00.000Z', 25],
    ['America/New_York', '2026-03-08T17:00Z', '2026-03-08T05:00:00.000Z', 23],
    ['America/New_York', '2026-11-01T17:00Z', '2026-11-01T04:00:00.000Z', 25],
    ['Asia/Kolkata', '2026-06-01T06:00Z', '2026-05-31T18:30:00.000Z', 24],
    ['Asia/Kathmandu', '2026-06-01T06:00Z', '2026-05-31T18:15:00.000Z', 24],
    // Clocks go from midnight to one: the day begins at one.
    ['Africa/Cairo', '2026-04-24T12:00Z', '2026-04-23T22:00:00.000Z', 23],
    // Clocks go from one to midnight, and from midnight to eleven of the day before: either is 25 hours, once.
    ['America/Havana', '2026-11-01T17:00Z', '2026-11-01T04:00:00.000Z', 25],
    ['Africa/Cairo', '2026-10-29T12:00Z', '2026-10-28T21:00:00.000Z', 25],
  ])('%s: the day with %s begins at %s and has %i hours', (name, noon, start, length) => {
    expect(dayOf(name, noon)).toEqual({ start, length, hours: length, odd: [] })
  })

  it('begins an hour with a change of clocks that is no whole hour', () => {
    expect(dayOf('Australia/Lord_Howe', '2026-10-04T01:00Z')).toMatchObject({ length: 23.5, odd: [0.5] })
    expect(dayOf('Australia/Lord_Howe', '2026-04-05T01:00Z')).toMatchObject({ length: 24.5, odd: [0.5] })
  })

  it('skips a day that a zone has skipped', () => {
    const apia = findTimeZone('Pacific/Apia')!
    const before = apia.startOfDay(Date.parse('2011-12-30T05:00Z'))
    expect(new Date(before + 10 * HOUR_MS).toISOString()).toBe('2011-12-29T20:00:00.000Z')
    expect(apia.endOfDay(before) - before).toBe(24 * HOUR_MS)
    expect(apia.startOfDay(apia.endOfDay(before))).toBe(apia.endOfDay(before))
  })

  it('has hours and days without gaps or overlaps, wherever and whenever', () => {
    const zones = Intl.supportedValuesOf('timeZone')
    const moments = fc.integer({ min: Date.parse('1975-01-01'), max: Date.parse('2037-12-31') })
    fc.assert(
      fc.property(fc.constantFrom(...zones), moments, (name, ms) => {
        const zone = findTimeZone(name)!
        for (const [startOf, endOf, longest] of [
          [zone.startOfHour, zone.endOfHour, 1],
          [zone.startOfDay, zone.endOfDay, 26],
        ] as const) {
          const [start, end] = [startOf(ms), endOf(ms)]
          expect(start).toBeLessThanOrEqual(ms)
          expect(end).toBeGreaterThan(ms)
          expect(end - start).toBeLessThanOrEqual(longest * HOUR_MS)
          expect(startOf(start)).toBe(start)
          expect(startOf(end)).toBe(end)
          expect(endOf(start)).toBe(end)
          expect(startOf(end - 1)).toBe(start)
        }
      }),
      { numRuns: 300 },
    )
  })

  it.each(['', 'Mars/Olympus', 'Europe/Berlin\u0000', '__proto__'])('is not found by the name %j', (name) => {
    expect(findTimeZone(name)).toBeNull()
  })
})
