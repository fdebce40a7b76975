import { fail, type RequestEvent } from '@sveltejs/kit'
import { summarise } from '#lib/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const params = { path: { id: event.params.id } }
  const apiKey = summarise(answer(event, await event.locals.api.GET('/v1/api-keys/{id}', { params })))
  return { apiKey, mayChange: mayChangeKeys(session), now: Date.now() }
}

export const actions: Actions = {
  enable: (event) => setEnabled(event, event.params.id, true),
  disable: (event) => setEnabled(event, event.params.id, false),
}

async function setEnabled(event: RequestEvent, id: string, enabled: boolean) {
  await requireSession(event)
  try {
    const result = await event.locals.api.PATCH('/v1/api-keys/{id}', {
      params: { path: { id } },
      body: { enabled },
    })
    if (result.response.status === 409) return fail(409, { message: m.key_conflict() })
    const { receipt } = answer(event, result)
    return { receipt }
  } catch (error) {
    if (error instanceof ApiUnavailable) return fail(503, { message: m.key_failed() })
    throw error
  }
}
