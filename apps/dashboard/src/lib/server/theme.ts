import type { Cookies } from '@sveltejs/kit'
import type { Theme } from '#lib/theme.ts'

const cookie = 'latchkey_theme'
const yearSeconds = 365 * 24 * 3600

/** The chosen theme. It is written into the page, so nothing flashes and no script is needed. */
export function readTheme(cookies: Cookies): Theme {
  const value = cookies.get(cookie)
  return value === 'light' || value === 'dark' ? value : 'system'
}

export function writeTheme(cookies: Cookies, theme: Theme): void {
  cookies.set(cookie, theme, {
    path: '/',
    maxAge: yearSeconds,
    sameSite: 'lax',
    httpOnly: true,
    secure: true,
  })
}
