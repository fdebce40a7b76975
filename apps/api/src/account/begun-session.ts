import type { FastifyReply } from 'fastify'
import { toSuspension } from '../operator/to-json.ts'
import type { Session } from './schemas.ts'
import type { Begun, SignedIn } from './sessions.ts'

export function toSession(signedIn: SignedIn): Session {
  const { user, workspace, otherWorkspaces, role, suspension, isOperator, expiresAt } = signedIn
  return {
    ...{ user, workspace, otherWorkspaces, role },
    suspension: toSuspension(suspension),
    operator: isOperator,
    expiresAt: expiresAt.toISOString(),
  }
}

/** Tells whose session begins; its cookie travels in the reply's headers alone. */
export function replyWithSession(reply: FastifyReply, { signedIn, setCookie }: Begun): Session {
  void reply.header('set-cookie', setCookie)
  return toSession(signedIn)
}
