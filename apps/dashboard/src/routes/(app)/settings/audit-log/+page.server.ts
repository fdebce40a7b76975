import { redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { PageServerLoad } from './$types'
import { auditHref, readAuditQuery, toApiQuery } from './audit-query.ts'

const pageSize = 25

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const query = readAuditQuery(event.url.searchParams)
  const { cursor } = query
  const result = await event.locals.api.GET('/v1/api-keys/events', {
    params: { query: { limit: pageSize, ...(cursor && { cursor }), ...toApiQuery(query) } },
  })
  const { status } = result.response
  // What somebody typed or shared may be no id: then nothing matches it. An old cursor leads back to the newest.
  if (status === 400 && cursor) redirect(303, auditHref(query))
  const { data, nextCursor } = status === 400 ? { data: [], nextCursor: null } : answer(event, result)
  return { events: data, nextCursor, query, now: Date.now() }
}
