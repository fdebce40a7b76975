import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * `__Host-` makes the browser itself refuse the cookie unless it is Secure, for the whole host and for this host
 * alone, so no sibling domain can plant one.
 */
export const sessionCookieName = '__Host-latchkey_session'

/** Stands for a person whose password was right, until they have sent the code of their second factor. */
export const challengeCookieName = '__Host-latchkey_second_factor'

/** Says which challenge this browser was given, to be signed by a passkey. */
export const passkeyCookieName = '__Host-latchkey_passkey'

/** What `__Host-` asks for, and out of reach of scripts. */
export const hostCookie = { secure: true, httpOnly: true, sameSite: 'lax', path: '/' } as const

export function hasSessionCookie(request: FastifyRequest): boolean {
  return request.headers.cookie?.includes(`${sessionCookieName}=`) === true
}

/** Makes the browser forget the cookie. */
export function clearSessionCookie(reply: FastifyReply): void {
  clear(reply, sessionCookieName)
}

export function clearChallengeCookie(reply: FastifyReply): void {
  clear(reply, challengeCookieName)
}

export function clearPasskeyCookie(reply: FastifyReply): void {
  clear(reply, passkeyCookieName)
}

function clear(reply: FastifyReply, name: string): void {
  void reply.header('set-cookie', `${name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`)
}
