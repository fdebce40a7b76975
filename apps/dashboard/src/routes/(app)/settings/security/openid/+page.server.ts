import { m } from '#lib/paraglide/messages.js'
import { error as refuse, fail, redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { keepWay } from '#lib/server/openid-way.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

const nothing = {
  location: null as string | null,
  passwordError: null as string | null,
  problem: null as string | null,
}

export const load: PageServerLoad = async (event) => {
  const { user } = await requireSession(event)
  const connection = answer(event, await event.locals.api.GET('/v1/openid/connection'))
  const { provider, connectedAt, hasPassword } = connection
  if (provider === null) refuse(404, 'No OpenID provider is set up.')
  return { provider: provider.name, connectedAt, hasPassword, email: user.email }
}

export const actions: Actions = {
  connect: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    return attempt(async () => {
      const { data, error: problem } = await event.locals.api.POST('/v1/openid/connection', { body })
      if (!data) return explain(problem)
      keepWay(event.cookies, { from: 'security', to: '/settings/security?notice=openid-on' })
      return { ...nothing, location: data.location }
    })
  },

  remove: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    return attempt(async () => {
      const { error: problem } = await event.locals.api.POST('/v1/openid/connection/remove', { body })
      if (problem) return explain(problem)
      redirect(303, '/settings/security?notice=openid-off')
    })
  },
}

async function attempt<Result>(work: () => Promise<Result>) {
  try {
    return await work()
  } catch (failure) {
    if (failure instanceof ApiUnavailable) return fail(503, { ...nothing, problem: 'openid_unavailable' })
    throw failure
  }
}

function explain({ status, code }: { status: number; code: string }) {
  if (code === 'wrong_password' || status === 400)
    return fail(status, { ...nothing, passwordError: m.openid_wrong_password() })
  return fail(status, { ...nothing, problem: code })
}
