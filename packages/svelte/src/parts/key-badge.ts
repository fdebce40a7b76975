import type { KeySummary } from './key-summary.ts'

/**
 * What the status badge says, the most telling first: why a key opens nothing; then, of one that does, what somebody
 * should see to.
 */
export type KeyBadge = KeySummary['status'] | 'expiring' | 'rotating' | 'unused'

const unusedMs = 30 * 24 * 3600_000

/** Time goes on while a page is open: what begins or ends by itself is seen without asking again. */
export function keyBadge(key: KeyTimes, nowMs: number): KeyBadge {
  const { status, expiresAt, expiresSoon, notBefore, retiringEndsAt, lastUsedAt, createdAt } = key
  if (status !== 'active' && status !== 'pending') return status
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) return 'expired'
  if (notBefore !== null && Date.parse(notBefore) > nowMs) return 'pending'
  if (expiresSoon) return 'expiring'
  if (retiringEndsAt !== null && Date.parse(retiringEndsAt) > nowMs) return 'rotating'
  return nowMs - Date.parse(lastUsedAt ?? createdAt) > unusedMs ? 'unused' : 'active'
}

type KeyTimes = Pick<
  KeySummary,
  'status' | 'expiresAt' | 'expiresSoon' | 'notBefore' | 'retiringEndsAt' | 'lastUsedAt' | 'createdAt'
>
