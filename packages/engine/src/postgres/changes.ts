import type { Database } from './database.ts'

/** The channel on which the trigger of `latchkey.keys` announces every inserted, changed or deleted row. */
const CHANNEL = 'latchkey_keys'

/** What to do with the news. */
export interface ChangeListener {
  /** The key with this hash appeared, changed or went. */
  onChange: (hash: string) => void
  /** Changes may have been missed. */
  onGap: () => void
}

/**
 * Listens to every node's changes. News is only a matter of speed: it can be late or lost, which is why a cache
 * also forgets by itself.
 *
 * @returns stops listening.
 */
export function listenToChanges(
  database: Database,
  { onChange, onGap }: ChangeListener,
): Promise<() => Promise<void>> {
  return database.listen(CHANNEL, onChange, onGap)
}
