import type { Quota } from './quota.ts'
import type { RateLimit } from './rate-limit.ts'
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
  name: string
  environment: Environment
  /** How its secret begins, `lk_live_a1B2`: enough to recognise it, useless to guess it. */
  start: string
  scopes: readonly string[]
  metadata: Metadata
  /** All of them hold at once. */
  rateLimits: readonly RateLimit[]
  /** What it may spend; null for as much as it likes. */
  quota: Quota | null
  createdAt: Date
  createdBy: Actor
  updatedAt: Date
  expiresAt: Date | null
  disabledAt: Date | null
  revokedAt: Date | null
  /** When it last opened something, a few seconds late: uses are gathered before they are stored. */
  lastUsedAt: Date | null
  /** The IP address it was used from in that minute; null when it was not told. */
  lastUsedAddress: string | null
}

/** What a key is good for at one moment. Only an active key opens anything; only a revoked one never will again. */
export type KeyState = 'active' | 'disabled' | 'expired' | 'revoked'

/** Every state, for schemas and checks. */
export const KEY_STATES: readonly KeyState[] = ['active', 'disabled', 'expired', 'revoked']

/**
 * The state of a key at a moment: the one place that decides it. What cannot be undone comes first, so a key
 * that was disabled, then ran out, then was revoked is revoked.
 */
export function keyState(
  key: Pick<ApiKey, 'revokedAt' | 'expiresAt' | 'disabledAt'>,
  nowMs: number,
): KeyState {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && key.expiresAt.getTime() <= nowMs) return 'expired'
  if (key.disabledAt !== null) return 'disabled'
  return 'active'
}
