import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { readTimeZone } from '#lib/server/time-zone.ts'
import { mayChangeKeys } from '#lib/session.ts'
import { detail } from '../key-details.ts'
import type { LayoutServerLoad } from './$types'

export const load: LayoutServerLoad = async (event) => {
  const session = await requireSession(event)
  const params = { path: { id: event.params.id } }
  return {
    apiKey: detail(answer(event, await event.locals.api.GET('/v1/api-keys/{id}', { params }))),
    mayChange: mayChangeKeys(session),
    timeZone: readTimeZone(event.cookies),
    now: Date.now(),
  }
}
