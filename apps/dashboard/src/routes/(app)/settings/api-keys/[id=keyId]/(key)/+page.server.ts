import { m } from '#lib/paraglide/messages.js'
import { fail, type RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isGrace } from '@latchkey/svelte/parts/rotate/grace.ts'
import { loadRoutes } from '../usage-view/load-routes.ts'
import { loadUsage } from '../usage-view/load-usage.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const [scopes, usage, routes] = await Promise.all([
    event.locals.api.GET('/v1/api-keys/scopes'),
    loadUsage(event, event.params.id, 'day'),
    loadRoutes(event, event.params.id),
  ])
  const { data, sets } = answer(event, scopes)
  return { catalogue: { scopes: data, sets }, usage, routes }
}

export const actions: Actions = {
  enable: (event) => setEnabled(event, event.params.id, true),
  disable: (event) => setEnabled(event, event.params.id, false),
  restore: (event) =>
    attempt(event, async () => {
      const result = await event.locals.api.POST('/v1/api-keys/{id}/restore', path(event.params.id))
      return refused(result) ?? (answer(event, result), { done: 'restored' as const })
    }),
  /** Ends the secret that a rotation replaced: now, or at another time than before. */
  retire: (event) =>
    attempt(event, async () => {
      const grace = formText(await readForm(event.request), 'grace')
      if (!isGrace(grace)) return fail(400, { message: m.key_not_understood() })
      const result = await event.locals.api.PATCH('/v1/api-keys/{id}/retiring-secret', {
        ...path(event.params.id),
        body: { gracePeriodSeconds: Number(grace) },
      })
      const refusal = refused(result)
      if (refusal) return refusal
      const { receipt } = answer(event, result)
      return { done: grace === '0' ? ('ended' as const) : ('extended' as const), receipt }
    }),
}

const path = (id: string) => ({ params: { path: { id } } })

function setEnabled(event: RequestEvent, id: string, enabled: boolean) {
  return attempt(event, async () => {
    const result = await event.locals.api.PATCH('/v1/api-keys/{id}', { ...path(id), body: { enabled } })
    const refusal = refused(result)
    if (refusal) return refusal
    const { receipt } = answer(event, result)
    return { done: enabled ? ('enabled' as const) : ('disabled' as const), receipt }
  })
}

/** What to say where the key is no longer what the page showed; null where nothing is to be said. */
function refused({ error, response }: { error?: { code: string }; response: Response }) {
  if (response.status !== 409 || !error) return null
  if (error.code === 'already_revoked') return fail(409, { message: m.key_deleted_meanwhile() })
  if (error.code === 'not_revoked') return fail(409, { message: m.key_not_revoked() })
  if (error.code === 'not_restorable') return fail(409, { message: m.key_not_restorable() })
  if (error.code === 'not_retiring') return fail(409, { message: m.key_not_retiring() })
  if (error.code === 'too_many_keys') return fail(409, { message: m.key_too_many() })
  return fail(409, { message: m.key_conflict() })
}

async function attempt<Outcome>(event: RequestEvent, action: () => Promise<Outcome>) {
  await requireSession(event)
  try {
    return await action()
  } catch (error) {
    if (error instanceof ApiUnavailable) return fail(503, { message: m.key_failed() })
    throw error
  }
}
