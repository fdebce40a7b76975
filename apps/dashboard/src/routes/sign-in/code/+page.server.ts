import { m } from '#lib/paraglide/messages.js'
import { fail, redirect } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const redirectTo = redirectTarget(url.searchParams.get('redirectTo'))
  if (await locals.session()) redirect(303, redirectTo)
  return { redirectTo, recovery: url.searchParams.get('method') === 'recovery' }
}

export const actions: Actions = {
  default: async ({ request, locals, url }) => {
    const method = url.searchParams.get('method') === 'recovery' ? 'recovery' : 'app'
    const typed = formText(await readForm(request), 'code').replaceAll(/\s/g, '')
    if (!typed) return fail(400, { message: m.sign_in_code_errors_missing() })
    try {
      const body = { code: typed, method } as const
      const { error: problem } = await locals.api.POST('/v1/session/second-factor', { body })
      if (problem?.status === 401) redirect(303, '/sign-in?notice=sign-in-again')
      if (problem) return fail(problem.status, { message: explain(problem) })
    } catch (error) {
      if (error instanceof ApiUnavailable) return fail(503, { message: m.sign_in_unavailable() })
      throw error
    }
    redirect(303, redirectTarget(url.searchParams.get('redirectTo')))
  },
}

function explain({ status, code }: { status: number; code: string }): string {
  if (code === 'second_factor_locked') return m.sign_in_code_errors_locked()
  if (code === 'no_workspace') return m.sign_in_no_workspace()
  return status === 429 ? m.sign_in_too_many() : m.sign_in_code_errors_wrong_code()
}
