import { json } from '@sveltejs/kit'
import { countRequests } from '#lib/server/count-requests.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { RequestHandler } from './$types'

/** How busy a key was, for the dialog that asks whether to delete it. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  return json({ requests: await countRequests(event, event.params.id) })
}
