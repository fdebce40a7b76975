import { ProblemError } from '@latchkey/fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { challenge } from '../problem.ts'
import { clearSessionCookie, hasSessionCookie } from './session-cookie.ts'
import type { Sessions, SignedIn } from './sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on routes that need a session; null elsewhere. */
    signedIn: SignedIn | null
  }
}

export type RequireSession = ReturnType<typeof createRequireSession>

/** A hook that lets nobody but a signed-in person have a body parsed. */
export function createRequireSession(sessions: Sessions) {
  return async function requireSession(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    request.signedIn = await sessions.read(request)
    if (request.signedIn !== null) return
    if (hasSessionCookie(request)) clearSessionCookie(reply)
    throw signInFirst()
  }
}

/** The problem of a request without a live session. */
export function signInFirst(): ProblemError {
  return new ProblemError('unauthenticated', { detail: 'Sign in first.', headers: challenge })
}
