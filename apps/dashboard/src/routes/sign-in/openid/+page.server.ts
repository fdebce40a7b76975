import { redirect } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readInvitationToken } from '#lib/server/invitation-cookie.ts'
import { keepWay, pageWithProblem, type OpenIdWay } from '#lib/server/openid-way.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { Actions, PageServerLoad } from './$types'

/** Nobody begins by an address alone: that would change something. */
export const load: PageServerLoad = async ({ locals, request }) => {
  if (request.method !== 'POST') redirect(303, '/sign-in')
  const { data } = await locals.api.GET('/v1/openid')
  return { provider: data?.provider?.name ?? '' }
}

export const actions: Actions = {
  default: async ({ request, locals, cookies, url }) => {
    const form = await readForm(request)
    const way: OpenIdWay =
      formText(form, 'from') === 'invitation'
        ? { from: 'invitation', to: '/invitation' }
        : { from: 'sign-in', to: redirectTarget(url.searchParams.get('redirectTo')) }
    const token = way.from === 'invitation' ? readInvitationToken(cookies) : null
    const begun = await begin(locals.api, token === null ? {} : { invitation: token })
    if ('problem' in begun) redirect(303, pageWithProblem(way, begun.problem))
    keepWay(cookies, way)
    return begun
  },
}

async function begin(
  api: App.Locals['api'],
  body: { invitation?: string },
): Promise<{ location: string } | { problem: string }> {
  try {
    const { data, error: problem } = await api.POST('/v1/openid/sign-in', { body })
    return data ?? { problem: problem.code }
  } catch (error) {
    if (error instanceof ApiUnavailable) return { problem: 'openid_unavailable' }
    throw error
  }
}
