import { createHash } from 'node:crypto'

/** The 64-bit number, as text, by which Postgres locks something that has a name. */
export function advisoryLockKey(...name: readonly (string | Uint8Array)[]): string {
  const digest = createHash('sha256').update('latchkey')
  // Each part after a separator no part can fake: its own digest has a fixed length.
  for (const part of name) digest.update(createHash('sha256').update(part).digest())
  return digest.digest().readBigInt64BE().toString()
}
