import { json } from '@sveltejs/kit'
import { readPasskey, refusePasskey } from '#lib/server/passkey-reply.ts'
import type { RequestHandler } from './$types'

const passkeys = '/settings/security/passkeys'

export const POST: RequestHandler = async ({ request, locals }) => {
  const { credential, text } = await readPasskey(request)
  const body = { name: text('name'), credential }
  const { error: problem } = await locals.api.POST('/v1/passkeys', { body })
  return problem ? refusePasskey(problem, passkeys) : json({ to: `${passkeys}?notice=added` })
}
