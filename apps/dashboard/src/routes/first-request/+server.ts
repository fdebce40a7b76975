import { json } from '@sveltejs/kit'
import { requireSession } from '#lib/server/require-session.ts'
import { hasRequests } from '#lib/server/has-requests.ts'
import type { RequestHandler } from './$types'

/** Whether a request with a key has come, for whoever waits for the first one. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  return json({ arrived: await hasRequests(event) })
}
