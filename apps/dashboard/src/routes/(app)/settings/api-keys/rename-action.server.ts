import { fail, type RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'

/** Gives a key another name, unless somebody gave it one since the form was opened. */
export async function renameAction(event: RequestEvent) {
  await requireSession(event)
  const form = await readForm(event.request)
  const params = { path: { id: formText(form, 'id') } }
  try {
    const found = await event.locals.api.GET('/v1/api-keys/{id}', { params })
    if (found.response.status === 404) return fail(404, { rename: 'gone' as const })
    const { name, status } = answer(event, found)
    if (status === 'revoked') return fail(404, { rename: 'gone' as const })
    if (name !== formText(form, 'before')) return fail(412, { rename: 'changed' as const })
    const etag = found.response.headers.get('etag')
    const result = await event.locals.api.PATCH('/v1/api-keys/{id}', {
      params: { ...params, ...(etag && { header: { 'if-match': etag } }) },
      body: { name: formText(form, 'name') },
    })
    const { status: answered } = result.response
    if (answered === 412) return fail(412, { rename: 'changed' as const })
    if (answered === 404 || answered === 409) return fail(answered, { rename: 'gone' as const })
    if (answered === 400) return fail(400, { rename: 'refused' as const, detail: result.error?.detail ?? '' })
    answer(event, result)
    return { renamed: true }
  } catch (failure) {
    if (failure instanceof ApiUnavailable) return fail(503, { failed: true })
    throw failure
  }
}
