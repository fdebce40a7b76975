import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * `__Host-` makes the browser itself refuse the cookie unless it is Secure, for the whole host and for this host
 * alone, so no sibling domain can plant one.
 */
export const sessionCookieName = '__Host-latchkey_session'

export function hasSessionCookie(request: FastifyRequest): boolean {
  return request.headers.cookie?.includes(`${sessionCookieName}=`) === true
}

/** Makes the browser forget the cookie. */
export function clearSessionCookie(reply: FastifyReply): void {
  void reply.header('set-cookie', `${sessionCookieName}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`)
}
