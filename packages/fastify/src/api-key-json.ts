import { keyState, type ApiKey as ApiKeyRecord, type Quota as QuotaRecord } from '@latchkey/engine'
import type { Quota } from './quota-schemas.ts'
import type { ApiKey } from './schemas.ts'

/** Shows a key to its owner. It is built by listing what may be seen, so that nothing else can be. */
export function toApiKeyJson(key: ApiKeyRecord, nowMs = Date.now()): ApiKey {
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    environment: key.environment,
    status: keyState(key, nowMs),
    start: key.start,
    scopes: [...key.scopes],
    metadata: key.metadata,
    rateLimits: key.rateLimits.map(({ name, limit, windowSeconds }) => ({ name, limit, windowSeconds })),
    quota: key.quota && toQuotaJson(key.quota),
    createdAt: key.createdAt.toISOString(),
    createdBy: { id: key.createdBy.id, name: key.createdBy.name },
    updatedAt: key.updatedAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: key.lastUsedAddress,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  }
}

function toQuotaJson({ limit, period, timeZone, anchorDay, remaining, refillsAt }: QuotaRecord): Quota {
  return { limit, period, timeZone, anchorDay, remaining, refillsAt: refillsAt?.toISOString() ?? null }
}
