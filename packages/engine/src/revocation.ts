import { allChecked, invalid, type Checked } from './checked.ts'
import type { Actor, ApiKey } from './key.ts'
import { parseLine } from './line.ts'
import type { Decision } from './store.ts'

/**
 * Why a key was revoked, in the words of RFC 5280, section 5.3.1, as far as they make sense for keys. Nobody signs with
 * a key, so nothing is said of authorities; to hold a key is to disable it, and to take it off the list to restore it.
 */
export const REVOCATION_REASONS = [
  /** Nobody said. */
  'unspecified',
  /** Somebody else has the secret, or may have. Such a key is never restored. */
  'keyCompromise',
  /** Who held it has left, or moved. */
  'affiliationChanged',
  /** Another key took its place. */
  'superseded',
  /** What it was for is no more. */
  'cessationOfOperation',
  /** Its holder may no longer do what it allows. */
  'privilegeWithdrawn',
] as const

/** One of {@link REVOCATION_REASONS}. */
export type RevocationReason = (typeof REVOCATION_REASONS)[number]

/** The most characters (Unicode code points) a note may have. */
export const MAX_NOTE_LENGTH = 500

/** What became known of the end of a key. */
export interface Revocation {
  /** null when it was not recorded. */
  by: Actor | null
  reason: RevocationReason
  /** In somebody's own words. */
  note: string | null
  /** Until when it can be restored; null when it never could. */
  restorableUntil: Date | null
}

/** Why a key is to be revoked. */
export interface RevocationOptions {
  /** `unspecified` when left out. */
  reason?: RevocationReason | undefined
  /** A line for those who ask later, at most 500 characters. */
  note?: string | null | undefined
}

/** The same, checked. */
export type CheckedRevocation = Pick<Revocation, 'reason' | 'note'>

/** Checks what somebody says about a revocation. */
export function checkRevocation(
  { reason, note = null }: RevocationOptions,
  otherwise: RevocationReason = 'unspecified',
): Checked<CheckedRevocation> {
  return allChecked({
    reason: checkReason(reason === undefined ? otherwise : reason),
    note: checkNote(note),
  })
}

function checkReason(reason: unknown): Checked<RevocationReason> {
  const known = REVOCATION_REASONS.find((one) => one === reason)
  return known === undefined
    ? invalid('reason', `must be one of: ${REVOCATION_REASONS.join(', ')}`)
    : { ok: true, value: known }
}

function checkNote(note: unknown): Checked<string | null> {
  if (note === null) return { ok: true, value: null }
  if (typeof note !== 'string') return invalid('note', 'must be text or null')
  const parsed = parseLine(note, MAX_NOTE_LENGTH)
  return parsed.ok ? { ok: true, value: parsed.line } : invalid('note', parsed.message)
}

/** A key is not revoked that is revoked. */
export interface AlreadyRevoked {
  ok: false
  reason: 'revoked'
}

/**
 * A revoked key is not revoked again. But who learns only then that its secret leaked can still say so, so that nobody
 * restores it.
 */
export function decideRevocation(
  current: ApiKey,
  { reason, note }: CheckedRevocation,
  { now, restoreWindowSeconds }: { now: Date; restoreWindowSeconds: number },
): Decision<AlreadyRevoked> {
  const isCompromised = reason === 'keyCompromise'
  if (current.revokedAt === null) {
    const said = { revocationReason: reason === 'unspecified' ? null : reason, revocationNote: note }
    const isForGood = isCompromised || restoreWindowSeconds === 0
    const restorableUntil = isForGood ? null : new Date(now.getTime() + restoreWindowSeconds * 1_000)
    return { ok: true, changes: { revokedAt: now, ...said, restorableUntil } }
  }
  if (!isCompromised || current.revocation?.reason === reason) {
    return { ok: false, refusal: { ok: false, reason: 'revoked' } }
  }
  const said = { revocationReason: reason, ...(note !== null && { revocationNote: note }) }
  return { ok: true, changes: { ...said, restorableUntil: null } }
}

/** Why a key is not restored. */
export interface Unrestorable {
  ok: false
  reason: 'not_revoked' | 'compromised' | 'too_late' | 'too_many_keys'
}

/** A leaked key never comes back, nor does any after its time. @param room for how many keys more the owner has room. */
export function decideRestore(
  current: ApiKey,
  { now, room }: { now: Date; room: number },
): Decision<Unrestorable> {
  const { revocation } = current
  const refuse = (reason: Unrestorable['reason']) => ({
    ok: false as const,
    refusal: { ok: false as const, reason },
  })
  if (revocation === null) return refuse('not_revoked')
  if (revocation.reason === 'keyCompromise') return refuse('compromised')
  if (restorableUntil(current, now.getTime()) === null) return refuse('too_late')
  if (room < 1) return refuse('too_many_keys')
  const changes = { revokedAt: null, revocationReason: null, revocationNote: null, restorableUntil: null }
  return { ok: true, changes }
}

/** Until when a key can still be restored; null when it cannot. */
export function restorableUntil({ revocation }: Pick<ApiKey, 'revocation'>, nowMs: number): Date | null {
  const until = revocation?.restorableUntil ?? null
  return until !== null && until.getTime() > nowMs ? until : null
}
