import { json } from '@sveltejs/kit'
import { readPasskey, refusePasskey } from '#lib/server/passkey-reply.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ request, locals }) => {
  const { credential, text } = await readPasskey(request)
  const to = redirectTarget(text('redirectTo'))
  const body = { credential }
  const { error: problem } = await locals.api.POST('/v1/session/authentication/passkey', { body })
  return problem ? refusePasskey(problem, to) : json({ to })
}
