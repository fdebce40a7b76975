import { m } from '#lib/paraglide/messages.js'
import { error, fail, redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isInCharge, rolesToGive } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const params = { path: { id: event.params.id } }
  const member = answer(event, await event.locals.api.GET('/v1/members/{id}', { params }))
  const isSelf = member.userId === session.user.id
  const isAbove = member.role === 'owner' && session.role !== 'owner'
  const mayChange = isInCharge(session) && !isAbove
  return { member, isSelf, isAbove, mayChange, roles: rolesToGive(session), now: Date.now() }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const chosen = formText(await readForm(event.request), 'role')
    const role = (['owner', 'admin', 'developer', 'viewer'] as const).find((known) => known === chosen)
    if (role === undefined) error(400, 'There is no such role.')
    const params = { path: { id: event.params.id } }
    try {
      const result = await event.locals.api.PATCH('/v1/members/{id}', { params, body: { role } })
      if (result.error?.code === 'last_owner') return fail(409, { message: m.members_errors_last_owner() })
      answer(event, result)
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return fail(503, { message: m.members_unavailable() })
      throw failure
    }
    redirect(303, '/settings/members?notice=changed')
  },
}
