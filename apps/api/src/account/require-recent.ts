import { ProblemError } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'
import type { SignedIn } from './sessions.ts'

/** For how long after somebody proved who they are they may change how that is done, and keys that manage keys. */
const recentMs = 10 * 60 * 1000

/** Whether somebody proved lately who they are. */
export function isRecent({ authenticatedAt }: SignedIn): boolean {
  return Date.now() - authenticatedAt.getTime() < recentMs
}

/** A hook after `requireSession`: a session that somebody left open, or stole, is not enough for what it guards. */
export async function requireRecent(request: FastifyRequest): Promise<void> {
  if (isRecent(request.signedIn!)) return
  throw new ProblemError('reauthentication_required', {
    detail:
      'This needs a sign-in of the last ten minutes. Prove once more who you are (`/v1/session/authentication`), then try again.',
  })
}
