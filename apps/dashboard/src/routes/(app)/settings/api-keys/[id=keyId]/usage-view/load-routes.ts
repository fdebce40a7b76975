import type { RequestEvent } from '@sveltejs/kit'
import type { ApiKeyRoutes } from '@latchkey/client'
import { ApiUnavailable } from '#lib/server/api.ts'

/** What a key was used for in the last 30 days; null when the API cannot tell. The rest of the page does not depend on it. */
export async function loadRoutes({ locals }: RequestEvent, id: string): Promise<ApiKeyRoutes | null> {
  try {
    const { data } = await locals.api.GET('/v1/api-keys/{id}/routes', { params: { path: { id } } })
    return data ?? null
  } catch (error) {
    if (error instanceof ApiUnavailable) return null
    throw error
  }
}
