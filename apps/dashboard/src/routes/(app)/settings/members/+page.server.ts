import { redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isInCharge } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const { api } = event.locals
  const mayManage = isInCharge(session)
  const [members, invitations] = await Promise.all([
    api.GET('/v1/members'),
    mayManage ? api.GET('/v1/invitations') : null,
  ])
  return {
    mayManage,
    members: answer(event, members).data,
    invitations: invitations ? answer(event, invitations).data : [],
    now: Date.now(),
  }
}

export const actions: Actions = {
  revoke: async (event) => {
    await requireSession(event)
    const id = formText(await readForm(event.request), 'id')
    const result = await event.locals.api.DELETE('/v1/invitations/{id}', { params: { path: { id } } })
    if (result.response.status === 404) redirect(303, '/settings/members?notice=gone')
    answer(event, result)
    redirect(303, '/settings/members?notice=revoked')
  },
}
