import { redirect } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { summarise } from '#lib/key-summary.ts'
import { withoutSecrets } from '#lib/key-text.ts'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { PageServerLoad } from './$types'
import { listHref, pageSize, previousPageHref, readListQuery, type ListQuery } from './list-query.ts'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const query = readListQuery(event.url.searchParams)
  // A browser without script may send more of a key than its start: it leaves the address bar again.
  const asked = event.url.searchParams.get('q') ?? ''
  if (withoutSecrets(asked) !== asked) redirect(303, listHref(query))

  const result = await event.locals.api.GET('/v1/api-keys', { params: { query: toApiQuery(query) } })
  if (result.response.status === 400 && query.cursors.length > 0) redirect(303, listHref(query))
  const { data, nextCursor } = answer(event, result)
  // The last key of a later page was deleted: the page before is the last one now.
  const previousPage = previousPageHref(query)
  if (data.length === 0 && previousPage) redirect(303, previousPage)

  return {
    keys: data.map(summarise),
    nextCursor,
    query,
    now: Date.now(),
    apiUrl: API_PUBLIC_URL ?? API_URL,
  }
}

const toApiQuery = ({ q, status, environment, sort, cursors }: ListQuery) => ({
  limit: pageSize,
  sort,
  ...(q && { q }),
  ...(status && { status: [status] }),
  ...(environment && { environment }),
  ...(cursors.length > 0 && { cursor: cursors.at(-1)! }),
})
