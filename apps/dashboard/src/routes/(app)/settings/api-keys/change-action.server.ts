import { error, fail, type RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { toChanged } from './changed.ts'

const changes = ['disable', 'enable', 'restore'] as const

/** Does one thing to one key or to many. What cannot be done to some keeps nothing from the others. */
export async function changeAction(event: RequestEvent) {
  await requireSession(event)
  const form = await readForm(event.request)
  const action = changes.find((each) => each === formText(form, 'action')) ?? error(400)
  const ids = form.getAll('id').filter((id) => typeof id === 'string')
  if (ids.length === 0) return fail(400, { nothingChosen: true })
  try {
    const result = await event.locals.api.POST('/v1/api-keys/bulk', { body: { action, ids } })
    return { changed: toChanged(action, answer(event, result)) }
  } catch (failure) {
    if (failure instanceof ApiUnavailable) return fail(503, { failed: true })
    throw failure
  }
}
