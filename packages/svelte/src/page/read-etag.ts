import type { LatchkeyClient } from '@latchkey/client'
import { ask } from './ask.ts'

/** Names what a key says now, for a change that rests on it; null when nobody can tell. */
export async function readEtag(client: LatchkeyClient, id: string): Promise<string | null> {
  const answer = await ask(client.GET('/v1/api-keys/{id}', { params: { path: { id } } }))
  return answer.ok ? answer.response.headers.get('etag') : null
}
