import { json } from '@sveltejs/kit'
import { refusePasskey } from '#lib/server/passkey-reply.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals }) => {
  const { data, error: problem } = await locals.api.POST('/v1/session/passkey/challenge')
  return problem ? refusePasskey(problem, '/') : json(data)
}
