import { m } from '#lib/paraglide/messages.js'
import { fail, redirect, type RequestEvent } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '@latchkey/svelte/parts/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import {
  forgetInvitationToken,
  keepInvitationToken,
  readInvitationToken,
} from '#lib/server/invitation-cookie.ts'
import { readForm } from '#lib/server/read-form.ts'
import type { Actions, PageServerLoad } from './$types'

const fields = ['name', 'password'] as const
const shortestPassword = 15

// With a fragment of its own, or a browser without script would take the one with the code along.
const here = '/invitation#main'
const home = '/settings/api-keys#main'

export const load: PageServerLoad = async ({ locals, cookies }) => {
  const token = readInvitationToken(cookies)
  const session = await locals.session()
  if (token === null) return { invitation: null, session, invalid: false, openIdProvider: null }
  const [{ data, response }, openId] = await Promise.all([
    locals.api.POST('/v1/invitation/read', { body: { token } }),
    locals.api.GET('/v1/openid'),
  ])
  if (response.status === 403) forgetInvitationToken(cookies)
  const openIdProvider = openId.data?.provider?.name ?? null
  return { invitation: data ?? null, session, invalid: response.status === 403, openIdProvider }
}

export const actions: Actions = {
  open: async ({ request, locals, cookies }) => {
    const code = formText(await readForm(request), 'code').trim()
    if (!code) return fail(400, { ...nothing, codeError: m.members_join_errors_missing() })
    try {
      const { data, response } = await locals.api.POST('/v1/invitation/read', { body: { token: code } })
      if (response.status === 429)
        return fail(429, { ...nothing, codeError: m.members_join_errors_too_many() })
      if (!data) return fail(403, { ...nothing, codeError: m.members_join_invalid() })
    } catch (error) {
      return explainFailure(error)
    }
    keepInvitationToken(cookies, code)
    redirect(303, here)
  },

  accept: async ({ request, locals, cookies }) => {
    const form = await readForm(request)
    const name = formText(form, 'name').trim()
    const password = formText(form, 'password')
    const token = readInvitationToken(cookies)
    if (token === null) redirect(303, here)
    const errors: Partial<Record<(typeof fields)[number], string>> = {}
    if (!name) errors.name = m.members_join_errors_missing()
    if ([...password].length < shortestPassword) errors.password = m.members_join_errors_short()
    if (Object.keys(errors).length > 0) return fail(400, { ...nothing, name, errors })
    try {
      const body = { token, name, password }
      const { error: problem } = await locals.api.POST('/v1/invitation/accept', { body })
      if (problem?.status === 403 || problem?.status === 409) redirect(303, here)
      if (problem) return fail(problem.status, { ...nothing, name, ...explain(problem) })
    } catch (error) {
      return explainFailure(error, name)
    }
    forgetInvitationToken(cookies)
    redirect(303, home)
  },

  join: async (event: RequestEvent) => {
    const token = readInvitationToken(event.cookies)
    if (token === null || (await event.locals.session()) === null) redirect(303, here)
    try {
      const { error: problem } = await event.locals.api.POST('/v1/invitation/join', { body: { token } })
      if (problem?.code === 'already_member')
        return fail(409, { ...nothing, message: m.members_join_errors_member() })
      if (problem?.status === 429) return fail(429, { ...nothing, message: m.members_join_errors_too_many() })
      if (problem) redirect(303, here)
    } catch (error) {
      return explainFailure(error)
    }
    forgetInvitationToken(event.cookies)
    redirect(303, home)
  },
}

const nothing = {
  name: '',
  codeError: null as string | null,
  errors: {} as Partial<Record<(typeof fields)[number], string>>,
  message: null as string | null,
}

function explain(problem: { status: number; errors?: { field: string; message: string }[] }) {
  if (problem.status === 429) return { message: m.members_join_errors_too_many() }
  const errors = fieldErrors(fields, problem.errors)
  return { errors, message: Object.keys(errors).length > 0 ? null : m.members_join_errors_rejected() }
}

function explainFailure(error: unknown, name = '') {
  if (error instanceof ApiUnavailable)
    return fail(503, { ...nothing, name, message: m.members_unavailable() })
  throw error
}
