import type { ApiKey, RateLimit } from '@latchkey/client'

/** What the pages show of a key; nothing else of it reaches the browser. */
export interface KeySummary {
  id: string
  name: string
  /** The first characters of the secret, for example `lk_live_a1B2`. */
  start: string
  kind: ApiKey['kind']
  environment: ApiKey['environment']
  status: ApiKey['status']
  scopes: string[]
  allowedOrigins: string[]
  createdAt: string
  createdBy: string | null
  createdById: string
  lastUsedAt: string | null
  lastUsedAddress: string | null
  rateLimits: RateLimit[]
  expiresAt: string | null
  expiresSoon: boolean
  notBefore: string | null
  /** Until when the secret before the present one works too. */
  retiringEndsAt: string | null
  /** Until when a revoked key can come back. */
  restorableUntil: string | null
}

export const summarise = (key: ApiKey): KeySummary => ({
  id: key.id,
  name: key.name,
  start: key.start,
  kind: key.kind,
  environment: key.environment,
  status: key.status,
  scopes: key.scopes,
  allowedOrigins: key.allowedOrigins,
  createdAt: key.createdAt,
  createdBy: key.createdBy.name,
  createdById: key.createdBy.id,
  lastUsedAt: key.lastUsedAt,
  lastUsedAddress: key.lastUsedAddress,
  rateLimits: key.rateLimits,
  expiresAt: key.expiresAt,
  expiresSoon: key.expiresSoon,
  notBefore: key.notBefore,
  retiringEndsAt: key.retiringSecret?.endsAt ?? null,
  restorableUntil: key.revocation?.restorableUntil ?? null,
})
