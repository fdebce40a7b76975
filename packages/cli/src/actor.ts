import { userInfo } from 'node:os'
import type { Author } from '@latchkey/engine'

/** Who makes a change: whoever is named, or the user of this machine. It is kept with the key and in the audit trail. */
export function actorOf(given: string | undefined): Author {
  if (given !== undefined) return { id: given, name: null, type: 'person' }
  return { id: `cli:${userName()}`, name: null, type: 'system' }
}

/** Containers run programs as users that have a number and no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
