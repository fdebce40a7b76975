import { m } from '#paraglide/messages.js'
import { perLocale } from './per-locale.ts'

// On the server one zone, so that a page reads the same before and after its script runs.
const day = perLocale((tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone: 'UTC' }))
const minute = perLocale(
  (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }),
)
const weekday = perLocale(
  (tag) =>
    new Intl.DateTimeFormat(tag, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }),
)
const hour = perLocale((tag) => new Intl.DateTimeFormat(tag, { timeStyle: 'short', timeZone: 'UTC' }))
const relative = perLocale((tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }))
const local = perLocale(
  (tag) =>
    new Intl.DateTimeFormat(tag, {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    }),
)
const spans = perLocale((tag) => {
  const of = (unit: string) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' })
  return { hour: of('hour'), minute: of('minute'), second: of('second') }
})

const farMs = 30 * 24 * 3600_000

const units = [
  ['day', 24 * 3600_000],
  ['hour', 3600_000],
  ['minute', 60_000],
] as const

/** “4 minutes ago”, “in 5 days”; further away than 30 days, the date. */
export function formatRelative(iso: string, nowMs: number): string {
  const distanceMs = Date.parse(iso) - nowMs
  if (Math.abs(distanceMs) > farMs) return formatDay(iso)
  for (const [unit, ms] of units)
    if (Math.abs(distanceMs) >= ms) return relative().format(Math.trunc(distanceMs / ms), unit)
  return distanceMs > 0 ? m.shell_in_a_moment() : m.shell_just_now()
}

/** “12 Oct 2026” */
export const formatDay = (iso: string): string => day().format(new Date(iso))

/** “Mon 12 Oct” */
export const formatWeekday = (iso: string): string => weekday().format(new Date(iso))

/** “14:00”, in UTC */
export const formatHour = (iso: string): string => hour().format(new Date(iso))

/** “12 Oct 2026, 14:03 UTC” */
export const formatUtc = (iso: string): string => `${minute().format(new Date(iso))} UTC`

/** “12 Oct 2026, 14:03 UTC (4 minutes ago)”; further away than 30 days without the distance. */
export const formatInstant = (iso: string, nowMs: number): string =>
  Math.abs(Date.parse(iso) - nowMs) > farMs
    ? formatUtc(iso)
    : `${formatUtc(iso)} (${formatRelative(iso, nowMs)})`

/** “10 seconds”, “1 minute”, “90 seconds”: in the largest unit that says it in a whole number. */
export function formatSeconds(seconds: number): string {
  const { hour, minute, second } = spans()
  if (seconds % 3600 === 0) return hour.format(seconds / 3600)
  if (seconds % 60 === 0) return minute.format(seconds / 60)
  return second.format(seconds)
}

/** “12 Oct 2026, 16:03 CEST”: the same instant on the clock of whoever looks. Only for the browser. */
export const formatLocal = (iso: string): string => local().format(new Date(iso))
