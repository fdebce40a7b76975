import { InvalidArgumentError } from 'commander'

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const DURATION = /^(\d{1,9})(s|m|h|d)$/
/** RFC 3339, a day alone, and what Postgres prints. */
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}(?::?\d{2})?))?$/i

/** How many seconds `15m`, `24h` or `7d` are; null for anything else. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0
  const [, count, unit] = DURATION.exec(text) ?? []
  return unit === undefined ? null : Number(count) * SECONDS[unit as keyof typeof SECONDS]
}

/** The moment that a text names beyond doubt; null for anything else. A day begins in UTC. */
export function parseMoment(text: string): Date | null {
  const [, day, time = '00:00', zone = 'Z'] = MOMENT.exec(text) ?? []
  if (day === undefined) return null
  // Dates roll over: the 30th of February would be in March.
  const start = new Date(`${day}T00:00Z`)
  if (Number.isNaN(start.getTime()) || !start.toISOString().startsWith(day)) return null
  const offset =
    zone.toUpperCase() === 'Z' ? 'Z' : zone.slice(0, 3) + ':' + (zone.slice(3).replace(':', '') || '00')
  const moment = new Date(`${day}T${time}${offset}`)
  return Number.isNaN(moment.getTime()) ? null : moment
}

/** For `--grace`. */
export function graceSeconds(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === null) throw new InvalidArgumentError('It is a time like 30m, 24h or 7d, or 0 for at once.')
  return seconds
}

/** For `--expires`; null for never. */
export function expiry(text: string): Date | null {
  if (text === 'never') return null
  const seconds = parseDuration(text)
  const moment = seconds === null ? parseMoment(text) : new Date(Date.now() + seconds * 1_000)
  if (moment === null) {
    throw new InvalidArgumentError('It is a time from now like 90d, a date like 2027-01-31, or never.')
  }
  return moment
}
