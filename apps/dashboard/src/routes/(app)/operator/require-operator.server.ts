import { error, type RequestEvent } from '@sveltejs/kit'
import { requireSession } from '#lib/server/require-session.ts'
import type { Session } from '#lib/session.ts'

/** Whoever is signed in, if they run the platform. The API decides; this only spares people a page without sense. */
export async function requireOperator(event: RequestEvent): Promise<Session> {
  const session = await requireSession(event)
  if (!session.operator) error(403, 'Only the operators of this platform may do that.')
  return session
}
