import type { RequestEvent } from '@sveltejs/kit'
import { ApiUnavailable } from './api.ts'

/** How many requests came with a key in the last 24 hours; null when the API cannot tell. Nothing depends on it. */
export async function countRequests({ locals }: RequestEvent, id: string): Promise<number | null> {
  try {
    const { data } = await locals.api.GET('/v1/api-keys/{id}/usage', {
      params: { path: { id }, query: { interval: 'hour' } },
    })
    return data?.total ?? null
  } catch (error) {
    if (error instanceof ApiUnavailable) return null
    throw error
  }
}
