import { m } from '#lib/paraglide/messages.js'
import { error, fail } from '@sveltejs/kit'
import { ORIGIN } from '$app/env/private'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isInCharge, rolesToGive } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!isInCharge(session)) error(403, 'Only owners and admins invite people.')
  return { roles: rolesToGive(session) }
}

export const actions: Actions = {
  default: async (event) => {
    const session = await requireSession(event)
    const form = await readForm(event.request)
    const email = formText(form, 'email').trim()
    const role = rolesToGive(session).find((known) => known === formText(form, 'role')) ?? 'viewer'
    const refuse = (status: number, message: string) => fail(status, { email, role, message, link: null })
    try {
      const body = { email, role }
      const { data, error: problem } = await event.locals.api.POST('/v1/invitations', { body })
      // The token stands behind a #, which browsers keep to themselves, so that it reaches no log of any server.
      if (data) return { email: data.invitation.email, role, message: null, link: linkOf(data.token) }
      if (problem.status === 403) error(403, problem.detail)
      return refuse(problem.status, explain(problem))
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return refuse(503, m.members_unavailable())
      throw failure
    }
  },
}

const linkOf = (token: string): string => `${ORIGIN}/invitation#${token}`

function explain({ status, code }: { status: number; code: string }): string {
  if (code === 'already_member') return m.members_invite_errors_already_member()
  if (code === 'limit_reached') return m.members_invite_errors_limit_reached()
  if (status === 429) return m.members_invite_errors_too_many()
  return status === 400 ? m.members_invite_errors_email() : m.members_invite_errors_rejected()
}
