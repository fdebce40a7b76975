import type { RequestEvent } from '@sveltejs/kit'
import type { ApiKeyUsage } from '@latchkey/client'
import { ApiUnavailable } from '#lib/server/api.ts'
import { readTimeZone } from '#lib/server/time-zone.ts'
import { usageQuery, type Period } from './periods.ts'

/** How often a key was used; null when the API cannot tell. The rest of the page does not depend on it. */
export async function loadUsage(
  { locals, cookies }: RequestEvent,
  id: string,
  period: Period,
): Promise<ApiKeyUsage | null> {
  const query = usageQuery(period, readTimeZone(cookies), Date.now())
  try {
    const { data } = await locals.api.GET('/v1/api-keys/{id}/usage', { params: { path: { id }, query } })
    return data ?? null
  } catch (error) {
    if (error instanceof ApiUnavailable) return null
    throw error
  }
}
