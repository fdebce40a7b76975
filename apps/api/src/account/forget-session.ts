import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { clearSessionCookie } from './session-cookie.ts'

export const signedOut = Type.Null({ description: 'The session is over.' })

/** Makes the browser forget the cookie and everything else that it keeps of the site. */
export function forgetSession(reply: FastifyReply): FastifyReply {
  clearSessionCookie(reply)
  return reply.header('clear-site-data', '"cache", "cookies", "storage"').code(204).send()
}
