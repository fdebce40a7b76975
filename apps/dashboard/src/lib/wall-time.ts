/** The clock of a time zone, in the form of `<input type="datetime-local">`: `2026-11-27T14:05`. */
export function toWallTime(iso: string, timeZone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en', { ...fields, timeZone })
      .formatToParts(new Date(iso))
      .map(({ type, value }) => [type, value]),
  )
  const { year = '', month = '', day = '', hour = '', minute = '' } = parts
  return `${year.padStart(4, '0')}-${month}-${day}T${hour}:${minute}`
}

/**
 * The moment at which a zone’s clock shows a time; null for a text that is none. Where clocks are put forward, a time
 * that they skip is taken as if they had not been; where they are put back, the first of the two moments is meant.
 */
export function fromWallTime(text: string, timeZone: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return null
  const asUtc = Date.parse(`${text}:00Z`)
  if (Number.isNaN(asUtc)) return null
  const before = asUtc - offsetMs(asUtc - dayMs, timeZone)
  const after = asUtc - offsetMs(asUtc + dayMs, timeZone)
  const fits = [before, after].filter((ms) => toWallTime(new Date(ms).toISOString(), timeZone) === text)
  return new Date(fits.length > 0 ? Math.min(...fits) : before).toISOString()
}

const dayMs = 24 * 3600_000

/** How far a zone’s clock is ahead of UTC at a moment. */
function offsetMs(ms: number, timeZone: string): number {
  const shown = Date.parse(`${toWallTime(new Date(ms).toISOString(), timeZone)}:00Z`)
  return shown - Math.floor(ms / 60_000) * 60_000
}

const fields = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const
