/** Set by script, for the server to know in whose hours and days to count. */
export const timeZoneCookie = 'latchkey_time_zone'

const yearSeconds = 365 * 24 * 3600

/** Tells the server this browser’s time zone. Whether that is news to it. */
export function tellTimeZone(known: string): boolean {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!here || here === known) return false
  document.cookie = `${timeZoneCookie}=${encodeURIComponent(here)}; Path=/; Max-Age=${yearSeconds}; SameSite=Lax; Secure`
  return true
}
