import { json } from '@sveltejs/kit'
import type { CallsAnswer } from '@latchkey/svelte/parts/reveal/first-call.ts'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { RequestHandler } from './$types'

/** Whether calls with a key arrive, for whoever waits for the first one. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  const { api } = event.locals
  const path = { id: event.params.id }
  const [key, usage] = await Promise.all([
    api.GET('/v1/api-keys/{id}', { params: { path } }),
    api.GET('/v1/api-keys/{id}/usage', { params: { path, query: { interval: 'minute' } } }),
  ])
  const { lastUsedAt, lastUsedAddress } = answer(event, key)
  const { refused } = answer(event, usage)
  return json({ lastUsedAt, lastUsedAddress, refused } satisfies CallsAnswer)
}
