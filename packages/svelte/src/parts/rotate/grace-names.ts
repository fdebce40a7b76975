import { m } from '#paraglide/messages.js'
import type { Grace } from './grace.ts'

/** What people call the time for which an old secret goes on working. */
export const graceNames: Record<Grace, () => string> = {
  '0': m.key_grace_none,
  '3600': m.key_grace_hour,
  '86400': m.key_grace_day,
  '604800': m.key_grace_week,
}
