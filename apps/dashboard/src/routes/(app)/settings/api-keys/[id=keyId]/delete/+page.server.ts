import { error, fail, redirect } from '@sveltejs/kit'
import { summarise } from '@latchkey/svelte/parts/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'
import { writeReceipt } from '#lib/receipt.ts'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { countRequests } from '#lib/server/count-requests.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'
import { readWhy } from '../../read-why.server.ts'

const alreadyDeleted = '/settings/api-keys?notice=already-deleted'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!mayChangeKeys(session)) error(403, m.list_delete_forbidden())
  const params = { path: { id: event.params.id } }
  const apiKey = summarise(answer(event, await event.locals.api.GET('/v1/api-keys/{id}', { params })))
  if (apiKey.status === 'revoked') redirect(303, alreadyDeleted)
  return { apiKey, requests: await countRequests(event, apiKey.id), now: Date.now() }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const body = readWhy(await readForm(event.request))
    const params = { path: { id: event.params.id } }
    try {
      const result = await event.locals.api.POST('/v1/api-keys/{id}/revoke', { params, body })
      if ([404, 409].includes(result.response.status)) redirect(303, alreadyDeleted)
      const { apiKey, receipt } = answer(event, result)
      const told = new URLSearchParams({ deleted: apiKey.id, receipt: writeReceipt(receipt) })
      if (apiKey.revocation?.restorableUntil) told.set('restorable', '')
      redirect(303, `/settings/api-keys?${told}`)
    } catch (error) {
      if (error instanceof ApiUnavailable) return fail(503, { failed: true })
      throw error
    }
  },
}
