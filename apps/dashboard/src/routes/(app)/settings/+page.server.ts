import { requireSession } from '#lib/server/require-session.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
}
