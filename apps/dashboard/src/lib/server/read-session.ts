import type { RequestEvent } from '@sveltejs/kit'
import type { Session } from '#lib/session.ts'
import { ApiUnavailable } from './api.ts'
import { hasSessionCookie } from './session-cookie.ts'

/** Asks the API who is signed in; without a session cookie there is nobody to ask about. */
export async function readSession({ cookies, locals }: RequestEvent): Promise<Session | null> {
  if (!hasSessionCookie(cookies)) return null
  const { data, response } = await locals.api.GET('/v1/session')
  if (response.status === 401) return null
  if (!data) throw new ApiUnavailable(`GET /v1/session answered ${response.status}`)
  const { user, workspace, otherWorkspaces, role, suspension, operator } = data
  return { user, workspace, otherWorkspaces, role, suspension, operator }
}
