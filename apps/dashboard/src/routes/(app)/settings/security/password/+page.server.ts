import { m } from '#lib/paraglide/messages.js'
import { fail, redirect } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '@latchkey/svelte/parts/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

const fields = ['currentPassword', 'newPassword'] as const
const shortestPassword = 15

interface Complaint {
  errors: Partial<Record<(typeof fields)[number], string>>
  message: string | null
}

export const load: PageServerLoad = async (event) => {
  const { user } = await requireSession(event)
  return { email: user.email }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const form = await readForm(event.request)
    const body = {
      currentPassword: formText(form, 'currentPassword'),
      newPassword: formText(form, 'newPassword'),
    }
    const errors: Complaint['errors'] = {}
    if (!body.currentPassword) errors.currentPassword = m.account_change_errors_missing()
    if ([...body.newPassword].length < shortestPassword) errors.newPassword = m.account_change_errors_short()
    if (Object.keys(errors).length > 0) return fail(400, { errors, message: null })
    try {
      const { error: problem } = await event.locals.api.POST('/v1/password', { body })
      if (problem) return fail(problem.status, explain(problem))
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return fail(503, { errors, message: m.account_unavailable() })
      throw failure
    }
    redirect(303, '/settings/security?notice=password')
  },
}

function explain(problem: {
  status: number
  code: string
  errors?: { field: string; message: string }[]
}): Complaint {
  if (problem.code === 'wrong_password')
    return { errors: { currentPassword: m.account_change_errors_wrong() }, message: null }
  if (problem.status === 429) return { errors: {}, message: m.account_too_many() }
  const errors = fieldErrors(fields, problem.errors)
  return { errors, message: Object.keys(errors).length > 0 ? null : m.account_change_errors_rejected() }
}
