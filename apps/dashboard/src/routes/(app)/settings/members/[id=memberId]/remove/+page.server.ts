import { m } from '#lib/paraglide/messages.js'
import { fail, redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const params = { path: { id: event.params.id } }
  const member = answer(event, await event.locals.api.GET('/v1/members/{id}', { params }))
  return { member, isSelf: member.userId === session.user.id }
}

export const actions: Actions = {
  default: async (event) => {
    const session = await requireSession(event)
    const params = { path: { id: event.params.id } }
    try {
      const { data: member } = await event.locals.api.GET('/v1/members/{id}', { params })
      const result = await event.locals.api.DELETE('/v1/members/{id}', { params })
      if (result.response.status === 404) redirect(303, '/settings/members?notice=gone')
      if (result.error?.code === 'last_owner') return fail(409, { message: m.members_errors_last_owner() })
      answer(event, result)
      if (member?.userId === session.user.id) redirect(303, '/sign-in?notice=left')
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return fail(503, { message: m.members_unavailable() })
      throw failure
    }
    redirect(303, '/settings/members?notice=removed')
  },
}
