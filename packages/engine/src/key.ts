import type { KeyKind } from './key-kind.ts'
import type { Quota } from './quota.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Revocation } from './revocation.ts'
import type { Environment } from './secret.ts'

/** A value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** What a host attaches to a key: any JSON object, at most 4,096 bytes of it. */
export type Metadata = Record<string, JsonValue>

/** The person or program that made a change. */
export interface Actor {
  id: string
  name: string | null
}

/** The record of a key: everything there is to know about it but its secret. */
export interface ApiKey {
  /** A TypeID, `key_01h455vb4pex5vsknk084sn02q`. */
  id: string
  namespace: string
  owner: string
  /** Chosen when it was created, for good. */
  kind: KeyKind
  name: string
  environment: Environment
  /** How its secret begins, `lk_live_a1B2`: enough to recognise it, useless to guess it. */
  start: string
  scopes: readonly string[]
  metadata: Metadata
  /** The addresses and ranges from which it may be used; from everywhere when empty. */
  allowedIps: readonly string[]
  /** The origins of the web pages on which it may be used; everywhere when empty. */
  allowedOrigins: readonly string[]
  /** Whether it is refused to browsers, in which no secret is safe. */
  blockBrowsers: boolean
  /** All of them hold at once. */
  rateLimits: readonly RateLimit[]
  /** What it may spend; null for as much as it likes. */
  quota: Quota | null
  createdAt: Date
  createdBy: Actor
  updatedAt: Date
  expiresAt: Date | null
  /** From when on it is good; null: since it was created. */
  notBefore: Date | null
  disabledAt: Date | null
  revokedAt: Date | null
  /** By whom and why it was revoked; null unless it is. */
  revocation: Revocation | null
  /** How many secrets it has had. */
  version: number
  /** When it got its present secret; null: when it was created. */
  rotatedAt: Date | null
  /** After how many days somebody should rotate it; null: nobody is reminded. */
  rotateEveryDays: number | null
  /** The secret before its present one; null when there was none. It works until its end. */
  retiringSecret: RetiringSecret | null
  /** When it last opened something, a few seconds late: uses are gathered before they are stored. */
  lastUsedAt: Date | null
  /** The IP address it was used from in that minute; null when it was not told. */
  lastUsedAddress: string | null
}

/** A secret that was replaced, and works until its grace ends. */
export interface RetiringSecret {
  version: number
  /** How it begins. */
  start: string
  retiredAt: Date
  endsAt: Date
  /** When and from where it was last used since; null: not known. */
  lastUsedAt: Date | null
  lastUsedAddress: string | null
}

/** What a key is good for at one moment. Only an active key opens anything. */
export type KeyState = 'active' | 'pending' | 'disabled' | 'expired' | 'revoked'

/** Every state, for schemas and checks. */
export const KEY_STATES: readonly KeyState[] = ['active', 'pending', 'disabled', 'expired', 'revoked']

/**
 * The state of a key at a moment: the one place that decides it. What is harder to undo comes first, so a key
 * that was disabled, then ran out, then was revoked is revoked. One whose time has yet to come is pending.
 */
export function keyState(
  key: Pick<ApiKey, 'revokedAt' | 'expiresAt' | 'disabledAt' | 'notBefore'>,
  nowMs: number,
): KeyState {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt.getTime() <= nowMs) return 'expired'
  if (key.disabledAt !== null) return 'disabled'
  if (key.notBefore !== null && key.notBefore.getTime() > nowMs) return 'pending'
  return 'active'
}

/** A key is said to end soon in its last week, or in the last tenth of a life shorter than ten weeks. */
const SOON_MS = 7 * 86_400_000

/** Whether a key that can still be used will soon end by itself. */
export function expiresSoon(
  key: Pick<ApiKey, 'revokedAt' | 'expiresAt' | 'createdAt'>,
  nowMs: number,
): boolean {
  if (key.revokedAt !== null || key.expiresAt === null) return false
  const endMs = key.expiresAt.getTime()
  const soonMs = Math.min(SOON_MS, (endMs - key.createdAt.getTime()) / 10)
  return endMs > nowMs && endMs - nowMs <= soonMs
}

const DAY_MS = 86_400_000

/** When a key is due to be rotated; null when nobody wants to be reminded. */
export function rotationDueAt({
  createdAt,
  rotatedAt,
  rotateEveryDays,
}: Pick<ApiKey, 'createdAt' | 'rotatedAt' | 'rotateEveryDays'>): Date | null {
  if (rotateEveryDays === null) return null
  return new Date((rotatedAt ?? createdAt).getTime() + rotateEveryDays * DAY_MS)
}
