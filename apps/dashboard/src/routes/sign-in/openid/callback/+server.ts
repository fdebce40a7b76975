import { redirect, type RequestEvent } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { forgetInvitationToken, readInvitationToken } from '#lib/server/invitation-cookie.ts'
import { pageWithProblem, takeWay } from '#lib/server/openid-way.ts'
import type { RequestHandler } from './$types'

const home = '/settings/api-keys#main'

/**
 * Where the OpenID provider sends browsers back to, by an address, as the protocol has it. It does something only once, and
 * only for the browser that began, whose cookie no other site can set or have sent.
 */
export const GET: RequestHandler = async (event) => {
  const way = takeWay(event.cookies)
  const problem = await finish(event)
  if (problem === 'second_factor_required')
    redirect(303, `/sign-in/code?redirectTo=${encodeURIComponent(way.to)}`)
  if (problem !== null) redirect(303, pageWithProblem(way, problem))
  redirect(303, way.from === 'invitation' && (await isUsed(event)) ? home : way.to)
}

/** The code of what went wrong; null when somebody is signed in. */
async function finish({ url, locals }: RequestEvent): Promise<string | null> {
  const get = (name: string) => url.searchParams.get(name) || undefined
  const [state, code, error, iss] = [get('state'), get('code'), get('error'), get('iss')]
  if (state === undefined) return 'openid_refused'
  const body = { state, ...(code && { code }), ...(error && { error }), ...(iss && { iss }) }
  try {
    const { error: problem } = await locals.api.POST('/v1/openid/callback', { body })
    return problem?.code ?? null
  } catch (failure) {
    if (failure instanceof ApiUnavailable) return 'openid_unavailable'
    throw failure
  }
}

/** An invitation is used up where it made an account, and is still to be accepted by whoever had one. */
async function isUsed({ cookies, locals }: RequestEvent): Promise<boolean> {
  const token = readInvitationToken(cookies)
  const { response } = await locals.api.POST('/v1/invitation/read', { body: { token: token ?? '-' } })
  if (response.status === 403) forgetInvitationToken(cookies)
  return response.status === 403
}
