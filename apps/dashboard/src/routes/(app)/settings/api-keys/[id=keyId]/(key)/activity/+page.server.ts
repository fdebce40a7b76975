import { redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  // The API refuses the others as well.
  if (session.role !== 'owner' && session.role !== 'admin') return { events: null, nextCursor: null }
  const { id } = event.params
  const cursor = event.url.searchParams.get('cursor')
  const result = await event.locals.api.GET('/v1/api-keys/events', {
    params: { query: { keyId: id, ...(cursor && { cursor }) } },
  })
  if (result.response.status === 400 && cursor) redirect(303, `/settings/api-keys/${id}/activity`)
  const { data, nextCursor } = answer(event, result)
  return { events: data, nextCursor }
}
