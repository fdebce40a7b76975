import type { Cookies } from '@sveltejs/kit'

/** Set by the API, relayed as it is. The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain. */
const name = '__Host-latchkey_session'

/** The Cookie header for the API: the session’s cookie and no other. */
export function sessionCookieOf(cookies: Cookies): string | null {
  const value = cookies.get(name, { decode: (raw) => raw })
  return value ? `${name}=${value}` : null
}

/** The Set-Cookie headers of an API response that concern the session. */
export const sessionCookiesIn = (headers: Headers): string[] =>
  headers.getSetCookie().filter((cookie) => cookie.startsWith(`${name}=`))

export function forgetSessionCookie(cookies: Cookies): void {
  cookies.delete(name, { path: '/', secure: true, httpOnly: true, sameSite: 'lax' })
}
