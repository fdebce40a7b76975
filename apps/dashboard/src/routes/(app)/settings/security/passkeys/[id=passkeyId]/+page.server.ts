import { error, fail, redirect } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

const passkeys = '/settings/security/passkeys'
const nothing = { about: null as 'rename' | 'remove' | null, name: null as string | null, message: '' }

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const { data } = answer(event, await event.locals.api.GET('/v1/passkeys'))
  const passkey = data.find(({ id }) => id === event.params.id)
  if (!passkey) error(404, 'There is no such passkey.')
  return { passkey }
}

export const actions: Actions = {
  rename: async (event) => {
    await requireSession(event)
    const name = formText(await readForm(event.request), 'name').trim()
    const about = 'rename' as const
    if (!name) return fail(400, { ...nothing, about, name, message: m.passkeys_errors_missing_name() })
    const params = { path: { id: event.params.id } }
    return attempt(about, async () => {
      const result = await event.locals.api.PATCH('/v1/passkeys/{id}', { params, body: { name } })
      if (result.response.status === 400) {
        const reason = result.error?.errors?.[0]?.message ?? ''
        return fail(400, { ...nothing, about, name, message: m.shell_field_refused({ reason }) })
      }
      answer(event, result)
      redirect(303, `${passkeys}?notice=renamed`)
    })
  },

  remove: async (event) => {
    await requireSession(event)
    const params = { path: { id: event.params.id } }
    return attempt('remove', async () => {
      const result = await event.locals.api.DELETE('/v1/passkeys/{id}', { params })
      if (result.error?.code === 'reauthentication_required')
        redirect(303, `/settings/security/confirm?redirectTo=${encodeURIComponent(event.url.pathname)}`)
      if (result.error?.code === 'last_way_in')
        return fail(409, { ...nothing, about: 'remove' as const, message: m.passkeys_errors_last_way_in() })
      // What is not there any more was removed elsewhere.
      if (result.response.status !== 404) answer(event, result)
      redirect(303, `${passkeys}?notice=removed`)
    })
  },
}

async function attempt<Result>(about: 'rename' | 'remove', work: () => Promise<Result>) {
  try {
    return await work()
  } catch (failure) {
    if (failure instanceof ApiUnavailable)
      return fail(503, { ...nothing, about, message: m.account_unavailable() })
    throw failure
  }
}
