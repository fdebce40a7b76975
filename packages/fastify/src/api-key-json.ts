import {
  expiresSoon,
  keyState,
  restorableUntil,
  rotationDueAt,
  type RetiringSecret,
  type ApiKey as ApiKeyRecord,
  type Quota as QuotaRecord,
} from '@latchkey/engine'
import type { Quota } from './quota-schemas.ts'
import type { ApiKey } from './schemas.ts'

/** Shows a key to its owner. It is built by listing what may be seen, so that nothing else can be. */
export function toApiKeyJson(key: ApiKeyRecord, nowMs = Date.now()): ApiKey {
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    kind: key.kind,
    environment: key.environment,
    status: keyState(key, nowMs),
    start: key.start,
    scopes: [...key.scopes],
    metadata: key.metadata,
    allowedIps: [...key.allowedIps],
    allowedOrigins: [...key.allowedOrigins],
    blockBrowsers: key.blockBrowsers,
    rateLimits: key.rateLimits.map(({ name, limit, windowSeconds }) => ({ name, limit, windowSeconds })),
    quota: key.quota && toQuotaJson(key.quota),
    createdAt: key.createdAt.toISOString(),
    createdBy: { id: key.createdBy.id, name: key.createdBy.name },
    updatedAt: key.updatedAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    notBefore: key.notBefore?.toISOString() ?? null,
    expiresSoon: expiresSoon(key, nowMs),
    version: key.version,
    rotatedAt: key.rotatedAt?.toISOString() ?? null,
    rotateEveryDays: key.rotateEveryDays,
    rotationDueAt: rotationDueAt(key)?.toISOString() ?? null,
    retiringSecret: toRetiringJson(key.retiringSecret, nowMs),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: key.lastUsedAddress,
    revokedAt: key.revokedAt?.toISOString() ?? null,
    revocation: key.revocation && {
      by: key.revocation.by && { id: key.revocation.by.id, name: key.revocation.by.name },
      reason: key.revocation.reason,
      note: key.revocation.note,
      restorableUntil: restorableUntil(key, nowMs)?.toISOString() ?? null,
    },
  }
}

/** Only while it works: what has ended is of no concern any more. */
function toRetiringJson(secret: RetiringSecret | null, nowMs: number): ApiKey['retiringSecret'] {
  if (secret === null || secret.endsAt.getTime() <= nowMs) return null
  return {
    version: secret.version,
    start: secret.start,
    retiredAt: secret.retiredAt.toISOString(),
    endsAt: secret.endsAt.toISOString(),
    lastUsedAt: secret.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: secret.lastUsedAddress,
  }
}

function toQuotaJson({ limit, period, timeZone, anchorDay, remaining, refillsAt }: QuotaRecord): Quota {
  return { limit, period, timeZone, anchorDay, remaining, refillsAt: refillsAt?.toISOString() ?? null }
}
