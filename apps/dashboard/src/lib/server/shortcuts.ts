import type { Cookies } from '@sveltejs/kit'

const cookie = 'latchkey_shortcuts'
const yearSeconds = 365 * 24 * 3600

/** Whether single keys do something. People who speak to their computer, or brush against keys, turn them off. */
export const readShortcuts = (cookies: Cookies): boolean => cookies.get(cookie) !== 'off'

export function writeShortcuts(cookies: Cookies, enabled: boolean): void {
  cookies.set(cookie, enabled ? 'on' : 'off', {
    path: '/',
    maxAge: yearSeconds,
    sameSite: 'lax',
    httpOnly: true,
    secure: true,
  })
}
