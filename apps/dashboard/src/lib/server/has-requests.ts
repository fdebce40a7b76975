import type { RequestEvent } from '@sveltejs/kit'
import { answer } from './answer.ts'

/** Whether any request came with a key of the workspace in the last 30 days. */
export async function hasRequests(event: RequestEvent): Promise<boolean> {
  const { total } = answer(event, await event.locals.api.GET('/v1/api-keys/usage'))
  return total > 0
}
