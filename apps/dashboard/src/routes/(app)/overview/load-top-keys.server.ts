import type { RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'

export interface BusyKey {
  id: string
  name: string
  total: number
  refused: number
}

const mostShown = 5

/** The keys with the most requests since a moment. */
export async function loadTopKeys(event: RequestEvent, from: string): Promise<BusyKey[]> {
  const params = { query: { from, interval: 'day' as const, limit: mostShown } }
  const { keys } = answer(event, await event.locals.api.GET('/v1/api-keys/usage/keys', { params }))
  return keys
    .filter(({ total }) => total > 0)
    .map(({ id, name, total, accepted }) => ({ id, name, total, refused: total - accepted }))
}
