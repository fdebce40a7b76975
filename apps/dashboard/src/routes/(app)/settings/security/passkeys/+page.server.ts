import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { deviceName, readDevice } from '../device.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const { data: passkeys } = answer(event, await event.locals.api.GET('/v1/passkeys'))
  return { passkeys, suggestedName: suggestName(event.request), now: Date.now() }
}

/** Most passkeys are kept where they are made. */
function suggestName(request: Request): string {
  const device = readDevice(request.headers.get('user-agent') ?? '')
  return device.browser || device.system ? deviceName(device) : m.passkeys_default_name()
}
