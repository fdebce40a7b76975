import { fail, redirect } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '@latchkey/svelte/parts/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import type { Actions, PageServerLoad } from './$types'

const fields = ['token', 'name', 'email', 'password', 'workspaceName'] as const
type Field = (typeof fields)[number]

const shortestPassword = 15

export const load: PageServerLoad = async ({ locals }) => {
  const { data } = await locals.api.GET('/v1/setup')
  return { needed: data?.needed === true }
}

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const form = await readForm(request)
    const text = (field: Field) => formText(form, field)
    const body = {
      token: text('token').trim(),
      name: text('name').trim(),
      email: text('email').trim(),
      password: text('password'),
      workspaceName: text('workspaceName').trim(),
    }
    const { password: _, ...values } = body
    const errors: Partial<Record<Field, string>> = {}
    for (const field of fields) if (!body[field]) errors[field] = m.setup_missing()
    if (body.password && [...body.password].length < shortestPassword) errors.password = m.setup_short()
    if (Object.keys(errors).length > 0) return fail(400, { values, errors, message: null })

    try {
      const { error: problem } = await locals.api.POST('/v1/setup', { body })
      if (problem) return fail(problem.status, { values, ...explain(problem) })
    } catch (error) {
      if (error instanceof ApiUnavailable)
        return fail(503, { values, errors, message: m.setup_unavailable() })
      throw error
    }
    // With a fragment of its own, or a browser without script would take the one with the set-up code along.
    redirect(303, '/settings/api-keys#main')
  },
}

interface Complaint {
  errors: Partial<Record<Field, string>>
  message: string | null
}

function explain(problem: { code: string; errors?: { field: string; message: string }[] }): Complaint {
  if (problem.code === 'invalid_setup_token')
    return { errors: { token: m.setup_token_invalid() }, message: null }
  if (problem.code === 'rate_limited') return { errors: {}, message: m.setup_too_many() }
  const errors = fieldErrors(fields, problem.errors)
  return { errors, message: Object.keys(errors).length > 0 ? null : m.setup_rejected() }
}
