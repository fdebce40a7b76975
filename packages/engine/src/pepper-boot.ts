import type { PepperStore } from './pepper-store.ts'
import type { Peppers } from './peppers.ts'

/**
 * Refuses to start where keys would be refused: when some are stored under a pepper that is not there, or when another
 * one bears its name. Notes those that are new.
 *
 * @throws Error, a sentence for the operator, which holds no pepper.
 */
export async function assertPeppers(store: PepperStore, peppers: Peppers, now: Date): Promise<void> {
  const known = await store.known()
  assertSame(known, peppers)
  for (const name of known.keys()) {
    if (peppers.names.includes(name)) continue
    const { keys, retiredSecrets } = await store.count(name, now)
    if (keys === 0 && retiredSecrets === 0) continue
    throw new Error(
      `${keys} keys and ${retiredSecrets} replaced secrets are stored under the pepper "${name}", which the option ` +
        `peppers does not have, so all of them would be refused. Put it back into peppers.keys until ` +
        'latchkey.peppers.status() counts none under it.',
    )
  }
  const unknown = peppers.names.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  for (const name of unknown) await store.note(name, peppers.checkOf(name))
  // Somebody else may have noted another one under the same name just now.
  assertSame(await store.known(), peppers)
}

function assertSame(known: ReadonlyMap<string, Uint8Array>, { names, checkOf }: Peppers): void {
  for (const [name, check] of known) {
    if (!names.includes(name) || checkOf(name).equals(check)) continue
    throw new Error(
      `peppers.keys.${name} is not the "${name}" that this database knows. Put that one back, and give a new one a new name.`,
    )
  }
}
