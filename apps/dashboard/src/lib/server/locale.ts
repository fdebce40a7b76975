import { AsyncLocalStorage } from 'node:async_hooks'
import type { Cookies } from '@sveltejs/kit'
import { baseLocale, isLocale, overwriteGetLocale, type Locale } from '#lib/paraglide/runtime.js'
import { preferredLocale } from './preferred-locale.ts'

const cookie = 'latchkey_language'
const yearSeconds = 365 * 24 * 3600

// Requests in several languages run at the same time: each finds its own.
const current = new AsyncLocalStorage<Locale>()
overwriteGetLocale(() => current.getStore() ?? baseLocale)

/** Everything that this runs and awaits speaks that language. */
export const inLocale = <Result>(locale: Locale, run: () => Result): Result => current.run(locale, run)

/** The language that was chosen, or else the one that the browser prefers. */
export function readLocale(cookies: Cookies, acceptLanguage: string | null): Locale {
  const chosen = cookies.get(cookie)
  return isLocale(chosen) ? chosen : preferredLocale(acceptLanguage)
}

export function writeLocale(cookies: Cookies, locale: Locale): void {
  cookies.set(cookie, locale, {
    path: '/',
    maxAge: yearSeconds,
    sameSite: 'lax',
    httpOnly: true,
    secure: true,
  })
}
