import type { Cookies } from '@sveltejs/kit'

const name = '__Host-latchkey_invitation'
const hourSeconds = 3600
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const

/**
 * The invitation that this browser has opened, while its person signs in or chooses a password. In a cookie, so that
 * the token stands in no address and on no page.
 */
export const readInvitationToken = (cookies: Cookies): string | null => cookies.get(name) ?? null

export function keepInvitationToken(cookies: Cookies, token: string): void {
  cookies.set(name, token, { ...attributes, maxAge: hourSeconds })
}

export function forgetInvitationToken(cookies: Cookies): void {
  cookies.delete(name, attributes)
}
