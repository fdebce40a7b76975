import { m } from '#lib/paraglide/messages.js'
import { fail, redirect } from '@sveltejs/kit'
import encodeQR from 'qr'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

/** Of several forms on the page, the one that is complained about. */
type About = 'begin' | 'confirm' | 'renew' | 'remove'

const nothing = {
  enrolment: null as Enrolment | null,
  recoveryCodes: null as string[] | null,
  about: null as About | null,
  message: null as string | null,
}

interface Enrolment {
  secret: string
  recoveryCodes: string[]
  /** Which squares of the picture are dark. */
  squares: boolean[][]
}

export const load: PageServerLoad = async (event) => {
  const { user } = await requireSession(event)
  const factor = answer(event, await event.locals.api.GET('/v1/second-factor'))
  return { factor, email: user.email }
}

export const actions: Actions = {
  begin: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    return attempt(async () => {
      const { data, error: problem } = await event.locals.api.POST('/v1/second-factor', { body })
      if (!data) return refuse(problem, 'begin')
      const { uri, secret, recoveryCodes } = data
      return {
        ...nothing,
        enrolment: { secret, recoveryCodes, squares: encodeQR(uri, 'raw', { border: 3 }) },
      }
    })
  },

  confirm: async (event) => {
    await requireSession(event)
    const body = { code: formText(await readForm(event.request), 'code').replaceAll(/\s/g, '') }
    return attempt(async () => {
      const { error: problem } = await event.locals.api.POST('/v1/second-factor/confirm', { body })
      if (problem) return refuse(problem, 'confirm')
      redirect(303, '/settings/security?notice=factor-on')
    })
  },

  renew: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    return attempt(async () => {
      const { api } = event.locals
      const { data, error: problem } = await api.POST('/v1/second-factor/recovery-codes', { body })
      return data ? { ...nothing, recoveryCodes: data.recoveryCodes } : refuse(problem, 'renew')
    })
  },

  remove: async (event) => {
    await requireSession(event)
    const body = { password: formText(await readForm(event.request), 'password') }
    return attempt(async () => {
      const { error: problem } = await event.locals.api.POST('/v1/second-factor/remove', { body })
      if (problem) return refuse(problem, 'remove')
      redirect(303, '/settings/security?notice=factor-off')
    })
  },
}

async function attempt<Result>(work: () => Promise<Result>) {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiUnavailable) return fail(503, { ...nothing, message: m.account_unavailable() })
    throw error
  }
}

function refuse({ status, code }: { status: number; code: string }, about: About) {
  if (status === 429) return fail(429, { ...nothing, message: m.account_too_many() })
  if (status === 409) return fail(409, { ...nothing, message: m.account_factor_errors_changed() })
  const wrong =
    about === 'confirm' ? m.account_factor_errors_wrong_code() : m.account_factor_errors_wrong_password()
  return fail(code === 'wrong_code' ? 400 : status, { ...nothing, about, message: wrong })
}
