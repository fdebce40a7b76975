import type { FastifyRequest } from 'fastify'
import { AppProblem } from '../problem.ts'

/** For how long after somebody proved who they are they may change how that is done. */
const recentMs = 10 * 60 * 1000

/** A hook after `requireSession`: a session that somebody left open, or stole, is not enough for what it guards. */
export async function requireRecent(request: FastifyRequest): Promise<void> {
  const ageMs = Date.now() - request.signedIn!.authenticatedAt.getTime()
  if (ageMs >= recentMs) throw new AppProblem('reauthentication_required')
}
