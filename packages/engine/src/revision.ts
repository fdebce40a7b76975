import { fingerprint } from './idempotency.ts'
import type { ApiKey } from './key.ts'

const REVISION_BYTES = 16

/**
 * Names what a record says: another name after each change that somebody made. What changes by itself is no part of it: the
 * uses of a key, and what its quota has left.
 */
export function revisionOf(key: ApiKey): string {
  // What else is kept apart changes `updatedAt` as well when somebody changes it.
  const { quota: _quota, retiringSecret: _retiring, lastUsedAt: _at, lastUsedAddress: _from, ...own } = key
  return fingerprint(own).subarray(0, REVISION_BYTES).toString('base64url')
}

/** What a change may ask for before it is made. */
export interface Condition {
  /** The change is made only while the key's revision, as {@link revisionOf} names it, is one of these. */
  ifRevision?: readonly string[] | undefined
}

/** The record is another one by now than the one that a change rests on. */
export interface Stale {
  ok: false
  reason: 'stale'
}

const STALE: Stale = Object.freeze({ ok: false, reason: 'stale' })

/**
 * A decision, or that it rests on another record than there is. What would be refused anyway is refused for its own reason,
 * as RFC 9110 has it in section 13.2.1.
 */
export function underCondition<Accepted extends { ok: true }, Refusal>(
  { ifRevision }: Condition,
  current: ApiKey,
  decision: Accepted | { ok: false; refusal: Refusal },
): Accepted | { ok: false; refusal: Refusal | Stale } {
  if (!decision.ok || ifRevision === undefined || ifRevision.includes(revisionOf(current))) return decision
  return { ok: false, refusal: STALE }
}
