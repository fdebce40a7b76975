import type { RequestEvent } from '@sveltejs/kit'
import { summarise, type KeySummary } from '@latchkey/svelte/parts/key-summary.ts'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import type { ListQuery } from './list-query.ts'
import { toApiQuery } from './to-api-query.ts'
import type { Week } from './week.ts'

/** A page of the list, as far as it changes while somebody looks at it. */
export interface KeyList {
  keys: KeySummary[]
  /** Of each key by its id; null when the API cannot tell. */
  weeks: Record<string, Week> | null
  nextCursor: string | null
  /** How many keys there are on all pages together. */
  total: number
  now: number
}

/** Reads a page; null where its cursor means nothing. */
export async function readList(event: RequestEvent, query: ListQuery): Promise<KeyList | null> {
  const now = Date.now()
  const result = await event.locals.api.GET('/v1/api-keys', { params: { query: toApiQuery(query, now) } })
  if (result.response.status === 400 && query.cursors.length > 0) return null
  const { data, nextCursor, total } = answer(event, result)
  const keys = data.map(summarise)
  const weeks = keys.length > 0 ? await readWeeks(event, keys, now) : {}
  return { keys, weeks, nextCursor, total: total ?? keys.length, now }
}

const sixDaysMs = 6 * 24 * 3600_000

/** How much each key was used on each of the last seven days. Nothing depends on it, so its failure is none of the list’s. */
async function readWeeks({ locals }: RequestEvent, keys: KeySummary[], now: number) {
  const from = new Date(now - sixDaysMs).toISOString()
  try {
    const { data } = await locals.api.GET('/v1/api-keys/usage/keys', {
      params: { query: { ids: keys.map(({ id }) => id), interval: 'day', from } },
    })
    if (!data) return null
    return Object.fromEntries(
      data.keys.map(({ id, total, accepted, data }): [string, Week] => [
        id,
        {
          total,
          refused: total - accepted,
          days: data.map((day) => [day.accepted, day.total - day.accepted]),
        },
      ]),
    )
  } catch (error) {
    if (error instanceof ApiUnavailable) return null
    throw error
  }
}
