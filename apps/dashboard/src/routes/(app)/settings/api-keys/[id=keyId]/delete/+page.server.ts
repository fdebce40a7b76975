import { error, fail, redirect } from '@sveltejs/kit'
import { summarise } from '#lib/key-summary.ts'
import { writeReceipt } from '#lib/receipt.ts'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { countRequests } from '#lib/server/count-requests.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!mayChangeKeys(session)) error(403, 'Viewers may not delete keys.')
  const params = { path: { id: event.params.id } }
  const apiKey = summarise(answer(event, await event.locals.api.GET('/v1/api-keys/{id}', { params })))
  if (apiKey.status === 'revoked') redirect(303, '/settings/api-keys?notice=already-deleted')
  return { apiKey, requests: await countRequests(event, apiKey.id), now: Date.now() }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const params = { path: { id: event.params.id } }
    try {
      const result = await event.locals.api.DELETE('/v1/api-keys/{id}', { params })
      if (result.response.status === 404) redirect(303, '/settings/api-keys?notice=already-deleted')
      const { receipt } = answer(event, result)
      redirect(303, `/settings/api-keys?notice=deleted&receipt=${writeReceipt(receipt)}`)
    } catch (error) {
      if (error instanceof ApiUnavailable) return fail(503, { failed: true })
      throw error
    }
  },
}
