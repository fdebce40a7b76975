import { requireSession } from '#lib/server/require-session.ts'
import { readShortcuts } from '#lib/server/shortcuts.ts'
import { readTheme } from '#lib/server/theme.ts'
import type { LayoutServerLoad } from './$types'

export const load: LayoutServerLoad = async (event) => ({
  session: await requireSession(event),
  theme: readTheme(event.cookies),
  shortcuts: readShortcuts(event.cookies),
})
