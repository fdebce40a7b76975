import { fail, redirect } from '@sveltejs/kit'
import { ORIGIN } from '$app/env/private'
import { m } from '#lib/paraglide/messages.js'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  if (await locals.session()) redirect(303, redirectTarget(url.searchParams.get('redirectTo')))
  const [setup, openId] = await Promise.all([locals.api.GET('/v1/setup'), locals.api.GET('/v1/openid')])
  return {
    setupNeeded: setup.data?.needed === true,
    openIdProvider: openId.data?.provider?.name ?? null,
    insecure: keepsNoCookies(ORIGIN),
  }
}

/** Browsers accept Secure cookies over https, and over plain http from this very machine. */
function keepsNoCookies(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'http:' && !/^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

export const actions: Actions = {
  default: async ({ request, locals, url }) => {
    const form = await readForm(request)
    const email = formText(form, 'email').trim()
    const password = formText(form, 'password')
    if (!email || !password) return fail(400, { email, message: m.sign_in_missing() })

    const { status, code } = await signIn(locals.api, { email, password })
    if (code === 'second_factor_required') redirect(303, `/sign-in/code${url.search}`)
    if (status === 403) return fail(403, { email, message: m.sign_in_no_workspace() })
    if (status === 429) return fail(429, { email, message: m.sign_in_too_many() })
    if (status === 503) return fail(503, { email, message: m.sign_in_unavailable() })
    if (status !== 200) return fail(400, { email, message: m.sign_in_rejected() })
    redirect(303, redirectTarget(url.searchParams.get('redirectTo')))
  },
}

async function signIn(
  api: App.Locals['api'],
  body: { email: string; password: string },
): Promise<{ status: number; code?: string }> {
  try {
    const { error: problem, response } = await api.POST('/v1/session', { body })
    return problem ?? { status: response.status }
  } catch (error) {
    if (error instanceof ApiUnavailable) return { status: 503 }
    throw error
  }
}
