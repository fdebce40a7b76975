import type { RequestEvent } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { answer } from '#lib/server/answer.ts'
import { hasRequests } from '#lib/server/has-requests.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { loadAttention } from './overview/load-attention.server.ts'
import { loadRequests } from './overview/load-requests.server.ts'
import { loadTopKeys } from './overview/load-top-keys.server.ts'
import { readPeriod, startOf } from './overview/period.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const now = Date.now()
  const apiUrl = API_PUBLIC_URL ?? API_URL
  if (!(await hasRequests(event))) return { now, apiUrl, newest: await newestKey(event), report: null }
  const period = readPeriod(event.url.searchParams.get('period'))
  const [requests, attention, top] = await Promise.all([
    loadRequests(event, period, now),
    loadAttention(event, now),
    loadTopKeys(event, startOf(period, now)),
  ])
  return { now, apiUrl, newest: null, report: { period, requests, attention, top } }
}

/** The key to make the first call with. */
async function newestKey(event: RequestEvent) {
  const params = { query: { limit: 1, status: ['active' as const] } }
  const { data } = answer(event, await event.locals.api.GET('/v1/api-keys', { params }))
  return data[0] ? { id: data[0].id, name: data[0].name, start: data[0].start } : null
}
