import type { Cookies } from '@sveltejs/kit'
import { timeZoneCookie } from '#lib/time-zone.ts'

/** The reader’s time zone, as their browser’s script has told it; UTC until then, and for anything that is none. */
export function readTimeZone(cookies: Cookies): string {
  const name = cookies.get(timeZoneCookie) ?? 'UTC'
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}
