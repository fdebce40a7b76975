import { error as refuse, fail, redirect, type RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { keepWay } from '#lib/server/openid-way.ts'
import { requireSession } from '#lib/server/require-session.ts'
import type { Actions, PageServerLoad } from './$types'

const nothing = { location: null as string | null, problem: null as string | null }

export const load: PageServerLoad = async (event) => {
  const { user } = await requireSession(event)
  const connection = answer(event, await event.locals.api.GET('/v1/openid/connection'))
  const { provider, connectedAt } = connection
  if (provider === null) refuse(404, 'No OpenID provider is set up.')
  return { provider: provider.name, connectedAt, email: user.email }
}

export const actions: Actions = {
  connect: async (event) => {
    await requireSession(event)
    return attempt(async () => {
      const result = await event.locals.api.POST('/v1/openid/connection')
      if (!result.data) return explain(event, result)
      keepWay(event.cookies, { from: 'security', to: '/settings/security?notice=openid-on' })
      return { ...nothing, location: result.data.location }
    })
  },

  remove: async (event) => {
    await requireSession(event)
    return attempt(async () => {
      const result = await event.locals.api.DELETE('/v1/openid/connection')
      if (result.error) return explain(event, result)
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

function explain(
  event: RequestEvent,
  result: { error: { status: number; code: string; detail: string }; response: Response },
) {
  const { status, code } = result.error
  return status === 401 ? answer<never>(event, result) : fail(status, { ...nothing, problem: code })
}
