import type { FastifyReply, FastifyRequest } from 'fastify'

/** Tells the browser that began a sign-in at the OpenID provider from every other. See session-cookie.ts on the prefix. */
const name = '__Host-latchkey_openid'
const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'

export function readOpenIdCookie(request: FastifyRequest): string | null {
  const pairs = (request.headers.cookie ?? '').split(/; */)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
}

export function keepOpenIdCookie(reply: FastifyReply, browser: string, seconds: number): void {
  void reply.header('set-cookie', `${name}=${browser}; Max-Age=${seconds}; ${attributes}`)
}

export function clearOpenIdCookie(reply: FastifyReply): void {
  void reply.header('set-cookie', `${name}=; Max-Age=0; ${attributes}`)
}
