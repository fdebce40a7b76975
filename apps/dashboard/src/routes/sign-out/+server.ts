import { redirect } from '@sveltejs/kit'
import { ApiUnavailable } from '#lib/server/api.ts'
import { readForm } from '#lib/server/read-form.ts'
import { forgetSessionCookie } from '#lib/server/session-cookie.ts'
import type { RequestHandler } from './$types'

/**
 * Ends the session on the server, and with `everywhere` all others of this person, then makes the browser forget the
 * site. When the API cannot be told, the browser forgets all the same and the sign-in page says what is left to do.
 */
export const POST: RequestHandler = async ({ request, locals, cookies, setHeaders }) => {
  const everywhere = (await readForm(request)).has('everywhere')
  setHeaders({ 'clear-site-data': '"cache", "cookies", "storage"' })
  forgetSessionCookie(cookies)
  const ended = await endSessions(locals.api, everywhere)
  redirect(303, ended ? '/sign-in?notice=signed-out' : '/sign-in?notice=sign-out-incomplete')
}

async function endSessions(api: App.Locals['api'], everywhere: boolean): Promise<boolean> {
  try {
    const { response } = everywhere ? await api.DELETE('/v1/sessions') : await api.DELETE('/v1/session')
    return response.ok || response.status === 401
  } catch (error) {
    if (error instanceof ApiUnavailable) return false
    throw error
  }
}
