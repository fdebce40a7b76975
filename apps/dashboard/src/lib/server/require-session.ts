import { redirect, type RequestEvent } from '@sveltejs/kit'
import type { Session } from '#lib/session.ts'
import { signInPath } from './redirect-target.ts'

/** Who is signed in; anybody else is sent to the sign-in page. Called by every load and action behind sign-in. */
export async function requireSession(event: RequestEvent): Promise<Session> {
  return (await event.locals.session()) ?? redirect(303, signInPath(event))
}
