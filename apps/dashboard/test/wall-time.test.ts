import { expect, test } from '@playwright/test'
import { fromWallTime, toWallTime } from '../src/lib/wall-time.ts'

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

test('a moment comes back from the clock of any zone', () => {
  for (const timeZone of zones)
    for (let hour = 0; hour < 366 * 24; hour += 5) {
      const iso = new Date(Date.UTC(2026, 0, 1, hour, 30)).toISOString()
      const wall = toWallTime(iso, timeZone)
      const back = fromWallTime(wall, timeZone)!
      // In the hour that comes twice the first is meant, so it may be another moment, but no other time.
      expect(toWallTime(back, timeZone)).toBe(wall)
      expect(Date.parse(iso) - Date.parse(back)).toBeLessThanOrEqual(3600_000)
    }
})

test('where clocks are put forward or back, a time has one meaning', () => {
  expect(fromWallTime('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z')
  expect(fromWallTime('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z')
})

test('what is no time is none', () => {
  for (const text of ['', 'soon', '2026-13-01T00:00', '2026-01-01', '2026-01-01T00:00Z'])
    expect(fromWallTime(text, 'UTC')).toBeNull()
})
