import type { FastifyReply } from 'fastify'
import type { Session } from './schemas.ts'
import type { Begun, SignedIn } from './sessions.ts'

export function toSession({ user, workspace, otherWorkspaces, role, expiresAt }: SignedIn): Session {
  return { user, workspace, otherWorkspaces, role, expiresAt: expiresAt.toISOString() }
}

/** Tells whose session begins; its cookie travels in the reply's headers alone. */
export function replyWithSession(reply: FastifyReply, { signedIn, setCookie }: Begun): Session {
  void reply.header('set-cookie', setCookie)
  return toSession(signedIn)
}
