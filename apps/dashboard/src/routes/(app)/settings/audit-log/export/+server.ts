import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { readAuditQuery, toApiQuery } from '../audit-query.ts'
import type { RequestHandler } from './$types'

const passedOn = ['content-type', 'content-disposition']

/** The file as the API sends it, passed on while it comes. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  const format = event.url.searchParams.get('format') === 'csv' ? 'csv' : 'jsonl'
  const result = await event.locals.api.GET('/v1/api-keys/events/export', {
    params: { query: { format, ...toApiQuery(readAuditQuery(event.url.searchParams)) } },
    parseAs: 'stream',
  })
  const body = answer(event, result)
  const headers = passedOn.map((name): [string, string] => [name, result.response.headers.get(name) ?? ''])
  return new Response(body, { headers })
}
