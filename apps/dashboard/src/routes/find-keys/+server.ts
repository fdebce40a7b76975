import { json } from '@sveltejs/kit'
import { withoutSecrets } from '@latchkey/svelte/parts/key-text.ts'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { RequestHandler } from './$types'

const mostKeys = 6
const longestText = 64

/** The keys that a text names, for the command palette. */
export const GET: RequestHandler = async (event) => {
  await requireSession(event)
  const q = withoutSecrets(event.url.searchParams.get('q') ?? '')
    .trim()
    .slice(0, longestText)
  if (!q) return json({ keys: [] })
  const query = { q, limit: mostKeys }
  const { data } = answer(event, await event.locals.api.GET('/v1/api-keys', { params: { query } }))
  return json({ keys: data.map(({ id, name, start }) => ({ id, name, start })) })
}
