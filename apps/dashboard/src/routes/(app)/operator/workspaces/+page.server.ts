import { redirect } from '@sveltejs/kit'
import { operatorAnswer } from '../operator-answer.server.ts'
import { requireOperator } from '../require-operator.server.ts'
import { readWorkspaceQuery, toApiQuery, workspacesHref } from './workspace-query.ts'
import type { PageServerLoad } from './$types'

const pageSize = 25

export const load: PageServerLoad = async (event) => {
  await requireOperator(event)
  const query = readWorkspaceQuery(event.url.searchParams)
  const result = await event.locals.api.GET('/v1/operator/workspaces', {
    params: { query: { limit: pageSize, ...toApiQuery(query) } },
  })
  const { status } = result.response
  // What somebody typed may be no text to look for: then nothing matches it. An old cursor leads back to the newest.
  if (status === 400 && query.cursor) redirect(303, workspacesHref(query))
  const { data, nextCursor } = status === 400 ? { data: [], nextCursor: null } : operatorAnswer(event, result)
  return { workspaces: data, nextCursor, query, now: Date.now() }
}
