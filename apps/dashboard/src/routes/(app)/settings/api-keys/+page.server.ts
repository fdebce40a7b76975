import { redirect, type RequestEvent } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { withoutSecrets } from '@latchkey/svelte/parts/key-text.ts'
import { readReceipt } from '#lib/receipt.ts'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'
import { changeAction } from './change-action.server.ts'
import { listHref, previousPageHref, readListQuery } from './list-query.ts'
import { readList } from './read-list.server.ts'
import { renameAction } from './rename-action.server.ts'

export const load: PageServerLoad = async (event) => {
  const { searchParams } = event.url
  const query = readListQuery(searchParams)
  // A browser without script may send more of a key than its start: it leaves the address bar again.
  const asked = searchParams.get('q') ?? ''
  if (withoutSecrets(asked) !== asked) redirect(303, listHref(query))

  // All at once: for nobody who is not signed in the API answers any of them.
  const [list, scopes, deleted] = await Promise.all([
    readList(event, query),
    readScopes(event),
    readDeleted(event),
    requireSession(event),
  ])
  if (!list) redirect(303, listHref(query))
  // The last key of a later page was deleted: the page before is the last one now.
  const previousPage = previousPageHref(query)
  if (list.keys.length === 0 && previousPage) redirect(303, previousPage)

  return { list, query, scopes, deleted, apiUrl: API_PUBLIC_URL ?? API_URL }
}

export const actions: Actions = { change: changeAction, rename: renameAction }

/** By which scopes the list can be filtered. */
async function readScopes(event: RequestEvent): Promise<string[]> {
  const { data, sets } = answer(event, await event.locals.api.GET('/v1/api-keys/scopes'))
  return [...data, ...sets].map(({ name }) => name)
}

/** What was deleted just before, where the address says so; null otherwise. Nobody’s word is taken for what it was. */
async function readDeleted({ url, locals }: RequestEvent) {
  const id = url.searchParams.get('deleted')
  if (!id) return null
  const { data } = await locals.api.GET('/v1/api-keys/{id}', { params: { path: { id } } })
  if (data?.status !== 'revoked') return null
  return {
    id,
    name: data.name,
    receipt: readReceipt(url.searchParams.get('receipt')),
    canBeRestored: data.revocation?.restorableUntil != null,
  }
}
