import { eq, sql, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { keyIdFromUuid } from '../key-id.ts'
import type { ApiKey } from '../key.ts'
import { quotaAt } from '../quota.ts'
import { hashFromBytes } from '../secret.ts'
import type { DrizzleDatabase } from './database.ts'
import { quotaColumns, toStoredQuota } from './quota-store.ts'
import { keys, lastUsed, owners, quotas, retiredSecrets } from './schema.ts'

type LastUse = typeof lastUsed.$inferSelect
/** A key with what is known of its uses, its secret before and its quota. */
export interface KeyRow {
  key: typeof keys.$inferSelect
  lastUse: LastUse | null
  retired: typeof retiredSecrets.$inferSelect | null
  retiredUse: LastUse | null
  quota: typeof quotas.$inferSelect | null
  /** By the database's clock. */
  nowMs: number
}

const retiredUses = alias(lastUsed, 'retired_uses')

/** All of it, of keys that the caller picks. */
export function selectKeys(drizzle: DrizzleDatabase) {
  return drizzle
    .select({
      key: keys,
      lastUse: lastUsed,
      retired: retiredSecrets,
      retiredUse: retiredUses,
      ...quotaColumns,
    })
    .from(keys)
    .leftJoin(lastUsed, eq(lastUsed.keyId, keys.id))
    .leftJoin(retiredSecrets, eq(retiredSecrets.keyId, keys.id))
    .leftJoin(retiredUses, eq(retiredUses.keyId, retiredSecrets.id))
    .leftJoin(quotas, eq(quotas.keyId, keys.id))
}

/** Whose keys. */
export interface Owner {
  namespace: string
  owner: string
}

/** Whether a key is the owner's. */
export function isOf({ namespace, owner }: Owner): SQL {
  const id = sql`(select id from ${owners} where namespace = ${namespace} and owner = ${owner})`
  return eq(keys.ownerId, id)
}

/** The public record, field by field, so that a column added later is not told by accident. */
export function toApiKey(
  { key, lastUse, retired, retiredUse, quota, nowMs }: KeyRow,
  { namespace, owner }: Owner,
): ApiKey {
  return {
    id: keyIdFromUuid(key.id),
    namespace,
    owner,
    kind: key.kind ?? 'secret',
    name: key.name,
    environment: key.environment,
    start: key.start,
    scopes: key.scopes,
    metadata: key.metadata ?? {},
    allowedIps: key.allowedIps ?? [],
    allowedOrigins: key.allowedOrigins ?? [],
    blockBrowsers: key.blockBrowsers ?? false,
    rateLimits: key.rateLimits ?? [],
    quota: quota && quotaAt(toStoredQuota(quota), nowMs),
    createdAt: key.createdAt,
    createdBy: { id: key.createdById, name: key.createdByName },
    updatedAt: key.updatedAt ?? key.createdAt,
    expiresAt: key.expiresAt,
    notBefore: key.notBefore,
    disabledAt: key.disabledAt,
    revokedAt: key.revokedAt,
    revocation: key.revokedAt && {
      // Whoever revoked it by a statement of their own told nobody.
      by: key.revokedById === null ? null : { id: key.revokedById, name: key.revokedByName },
      reason: key.revocationReason ?? 'unspecified',
      note: key.revocationNote,
      restorableUntil: key.restorableUntil,
    },
    version: key.version ?? 1,
    rotatedAt: key.rotatedAt,
    rotateEveryDays: key.rotateEveryDays,
    retiringSecret: retired && {
      version: retired.version,
      start: retired.start,
      retiredAt: retired.retiredAt,
      endsAt: retired.endsAt,
      lastUsedAt: retiredUse?.usedAt ?? null,
      lastUsedAddress: retiredUse?.address ?? null,
    },
    lastUsedAt: lastUse?.usedAt ?? null,
    lastUsedAddress: lastUse?.address ?? null,
  }
}

/** A row without what is known of its uses and of its secret before. */
export function bare(key: typeof keys.$inferSelect): KeyRow {
  return { key, lastUse: null, retired: null, retiredUse: null, quota: null, nowMs: 0 }
}

/** By what nodes may know it. */
export function hashesOf({ key, retired }: Pick<KeyRow, 'key' | 'retired'>): string[] {
  return [key.hash, ...(retired ? [retired.hash] : [])].map(hashFromBytes)
}
