import { error, json } from '@sveltejs/kit'
import { requireSession } from '#lib/server/require-session.ts'
import { readListQuery } from '../list-query.ts'
import { readList } from '../read-list.server.ts'
import type { RequestHandler } from './$types'

/** A page of the list as data, for the list that keeps itself up to date. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  return json((await readList(event, readListQuery(event.url.searchParams))) ?? error(404))
}
