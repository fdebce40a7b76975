import type { KeySummary } from './key-summary.ts'

const soonMs = 7 * 24 * 3600 * 1000

/** What the status badge says: the key’s status, and a warning while an active key is about to expire. */
export type KeyBadge = KeySummary['status'] | 'expiring'

export function keyBadge(
  { status, expiresAt }: Pick<KeySummary, 'status' | 'expiresAt'>,
  nowMs: number,
): KeyBadge {
  if (status !== 'active' || expiresAt === null) return status
  const leftMs = Date.parse(expiresAt) - nowMs
  if (leftMs <= 0) return 'expired'
  return leftMs <= soonMs ? 'expiring' : 'active'
}
