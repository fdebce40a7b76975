import { json } from '@sveltejs/kit'
import { readPasskey, refusePasskey } from '#lib/server/passkey-reply.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ request, locals }) => {
  const { credential, text } = await readPasskey(request)
  const { error: problem } = await locals.api.POST('/v1/session/passkey', { body: { credential } })
  if (problem) return refusePasskey(problem, '/')
  return json({ to: redirectTarget(text('redirectTo')) })
}
