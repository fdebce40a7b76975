import type { KeySummary } from './key-summary.ts'

/** What the status badge says: the key’s status, and a warning while an active key is about to expire. */
export type KeyBadge = KeySummary['status'] | 'expiring'

/** Time goes on while a page is open: what begins or ends by itself is seen without asking again. */
export function keyBadge({ status, expiresAt, expiresSoon, notBefore }: KeyTimes, nowMs: number): KeyBadge {
  if (status !== 'active' && status !== 'pending') return status
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) return 'expired'
  if (notBefore !== null && Date.parse(notBefore) > nowMs) return 'pending'
  return expiresSoon ? 'expiring' : 'active'
}

type KeyTimes = Pick<KeySummary, 'status' | 'expiresAt' | 'expiresSoon' | 'notBefore'>
