import { redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

const here = '/settings/security'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const { api } = event.locals
  const [sessions, secondFactor, openId, passkeys] = await Promise.all([
    api.GET('/v1/sessions'),
    api.GET('/v1/second-factor'),
    api.GET('/v1/openid/connection'),
    api.GET('/v1/passkeys'),
  ])
  return {
    sessions: answer(event, sessions).data,
    secondFactor: answer(event, secondFactor),
    openId: answer(event, openId),
    passkeys: answer(event, passkeys).data.length,
    now: Date.now(),
  }
}

export const actions: Actions = {
  end: async (event) => {
    await requireSession(event)
    const id = formText(await readForm(event.request), 'id')
    const result = await event.locals.api.DELETE('/v1/sessions/{id}', { params: { path: { id } } })
    // What is not there any more has ended by itself.
    if (result.response.status !== 404) answer(event, result)
    redirect(303, `${here}?notice=ended`)
  },

  endOthers: async (event) => {
    await requireSession(event)
    const params = { query: { except: 'current' } } as const
    answer(event, await event.locals.api.DELETE('/v1/sessions', { params }))
    redirect(303, `${here}?notice=others-ended`)
  },
}
