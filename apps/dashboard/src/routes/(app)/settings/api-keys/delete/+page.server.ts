import { error, fail, redirect, type RequestEvent } from '@sveltejs/kit'
import { summarise, type KeySummary } from '@latchkey/svelte/parts/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'
import { toChanged } from '../changed.ts'
import { readWhy } from '../read-why.server.ts'

const mostKeys = 100

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!mayChangeKeys(session)) error(403, m.list_delete_forbidden())
  const ids = [...new Set(event.url.searchParams.getAll('id'))].slice(0, mostKeys)
  const found = await Promise.all(ids.map((id) => readKey(event, id)))
  const keys = found.filter((key) => key !== null && key.status !== 'revoked') as KeySummary[]
  return { keys, now: Date.now() }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const form = await readForm(event.request)
    const ids = form.getAll('id').filter((id) => typeof id === 'string')
    if (ids.length === 0) redirect(303, '/settings/api-keys')
    try {
      const body = { action: 'revoke' as const, ids, ...readWhy(form) }
      const result = await event.locals.api.POST('/v1/api-keys/bulk', { body })
      return { changed: toChanged('revoke', answer(event, result)) }
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return fail(503, { failed: true })
      throw failure
    }
  },
}

async function readKey(event: RequestEvent, id: string): Promise<KeySummary | null> {
  const result = await event.locals.api.GET('/v1/api-keys/{id}', { params: { path: { id } } })
  return result.response.status === 404 ? null : summarise(answer(event, result))
}
