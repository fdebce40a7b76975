import { invalid, type Checked, type InvalidInput } from './checked.ts'
import type { GrantRefusal, Grant } from './grant.ts'
import { keyState, type ApiKey, type RetiringSecret } from './key.ts'
import type { RevocationReceipt } from './receipts.ts'
import type { Condition, Stale } from './revision.ts'
import { isKeyPrefix } from './secret.ts'

/** Seven days: longer than it takes to roll a new secret out, and shorter than it takes to forget the old one. */
export const MAX_GRACE_SECONDS = 7 * 86_400

/** How to give a key another secret. */
export interface RotateOptions extends Condition {
  /** For how many seconds the old secret works beside the new one, 0 to 604,800; 0 when left out. */
  gracePeriodSeconds?: number | undefined
  /** As for a create. */
  idempotencyKey?: string | undefined
  /** How far a key may reach whose new secret is handed out. */
  grant?: Grant | undefined
}

/**
 * The outcome of `keys.rotate`. `secret` is shown here and never again. There is a receipt when the old secret stopped
 * working at once. It is `retiring` when the secret before the present one still works, and a grace was asked for.
 */
export type RotateResult =
  | { ok: true; apiKey: ApiKey; secret: string; receipt: RevocationReceipt | null; replayed: boolean }
  | InvalidInput
  | RotateRefusal
  | Stale
  | { ok: false; reason: 'not_found' | 'idempotency_mismatch' | 'idempotency_in_flight' }

/** Why a key cannot be given another secret. */
export type RotateRefusal = { ok: false; reason: RotateObstacle } | GrantRefusal

type RotateObstacle = 'revoked' | 'expired' | 'retiring'

/** The outcome of `keys.retire`. It is `not_retiring` when no replaced secret works any more. */
export type RetireResult =
  | { ok: true; apiKey: ApiKey; receipt: RevocationReceipt | null }
  | InvalidInput
  | RetireRefusal
  | Stale
  | { ok: false; reason: 'not_found' }

/** Why the end of a replaced secret is not moved. */
export type RetireRefusal = { ok: false; reason: 'revoked' | 'not_retiring' } | GrantRefusal

export function checkGrace(gracePeriodSeconds: unknown): Checked<number> {
  const isFine =
    Number.isInteger(gracePeriodSeconds) &&
    (gracePeriodSeconds as number) >= 0 &&
    (gracePeriodSeconds as number) <= MAX_GRACE_SECONDS
  return isFine
    ? { ok: true, value: gracePeriodSeconds as number }
    : invalid('gracePeriodSeconds', `must be a whole number from 0 to ${MAX_GRACE_SECONDS}`)
}

/** Whether a key can be given another secret. Without a grace it always can: a leak must never wait. */
export function rotateObstacle(current: ApiKey, graceSeconds: number, nowMs: number): RotateObstacle | null {
  const state = keyState(current, nowMs)
  if (state === 'revoked' || state === 'expired') return state
  return graceSeconds > 0 && isRetiring(current, nowMs) ? 'retiring' : null
}

/** Whether the secret before the present one still works. */
export function isRetiring(key: ApiKey, nowMs: number): key is ApiKey & { retiringSecret: RetiringSecret } {
  return key.retiringSecret !== null && key.retiringSecret.endsAt.getTime() > nowMs
}

/** When a replaced secret ends: never later than its key. */
export function graceEnd({ expiresAt }: ApiKey, graceSeconds: number, nowMs: number): Date {
  return new Date(Math.min(nowMs + graceSeconds * 1_000, expiresAt?.getTime() ?? Infinity))
}

/** What a new secret of a key begins with: what the old one did, where that is known. */
export function prefixOf({ start, environment }: ApiKey, fallback: string): string {
  const at = start.lastIndexOf(`_${environment}_`)
  const prefix = start.slice(0, Math.max(at, 0))
  return isKeyPrefix(prefix) ? prefix : fallback
}
