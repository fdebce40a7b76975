import type { Cookies } from '@sveltejs/kit'

/** Set by the API, relayed as it is. The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain. */
const name = '__Host-latchkey_session'

/** The session’s, and what stands for somebody who has begun to sign in: with a code to come, by way of the provider, or by passkey. */
const relayed = [name, '__Host-latchkey_second_factor', '__Host-latchkey_openid', '__Host-latchkey_passkey']

const read = (cookies: Cookies, cookie: string) => cookies.get(cookie, { decode: (raw) => raw })

export const hasSessionCookie = (cookies: Cookies): boolean => Boolean(read(cookies, name))

/** The Cookie header for the API: the cookies that it set and no other. */
export function apiCookiesOf(cookies: Cookies): string {
  const pairs = relayed.map((cookie) => [cookie, read(cookies, cookie)] as const)
  return pairs
    .filter(([, value]) => value)
    .map(([cookie, value]) => `${cookie}=${value}`)
    .join('; ')
}

/** The Set-Cookie headers of an API response that concern signing in. */
export const apiCookiesIn = (headers: Headers): string[] =>
  headers.getSetCookie().filter((cookie) => relayed.some((known) => cookie.startsWith(`${known}=`)))

export function forgetSessionCookie(cookies: Cookies): void {
  cookies.delete(name, { path: '/', secure: true, httpOnly: true, sameSite: 'lax' })
}
