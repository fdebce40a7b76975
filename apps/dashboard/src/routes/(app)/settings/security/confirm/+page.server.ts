import { m } from '#lib/paraglide/messages.js'
import { fail, redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  const { user } = await requireSession(event)
  const { hasPassword } = answer(event, await event.locals.api.GET('/v1/openid/connection'))
  const redirectTo = redirectTarget(event.url.searchParams.get('redirectTo'))
  return { email: user.email, hasPassword, redirectTo }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    if (!body.password) return fail(400, { error: m.account_change_errors_missing(), message: null })
    try {
      const { error: problem } = await event.locals.api.POST('/v1/session/authentication/password', { body })
      if (problem?.status === 429) return fail(429, { error: null, message: m.account_too_many() })
      if (problem) return fail(problem.status, { error: m.account_confirm_wrong(), message: null })
    } catch (failure) {
      if (failure instanceof ApiUnavailable)
        return fail(503, { error: null, message: m.account_unavailable() })
      throw failure
    }
    redirect(303, redirectTarget(event.url.searchParams.get('redirectTo')))
  },
}
