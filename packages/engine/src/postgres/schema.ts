import { customType, jsonb, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Metadata } from '../key.ts'
import type { Environment } from '../secret.ts'

/** Latchkey's own Postgres schema. The host's tables and migrations live elsewhere and are never touched. */
export const latchkeySchema = pgSchema('latchkey')

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

/** The keys. Rows are never deleted by Latchkey: a revoked key stays as a tombstone. */
export const keys = latchkeySchema.table('keys', {
  id: uuid('id').primaryKey(),
  namespace: text('namespace').notNull(),
  owner: text('owner').notNull(),
  hash: bytea('hash').notNull().unique(),
  start: text('start').notNull(),
  name: text('name').notNull(),
  environment: text('environment').$type<Environment>().notNull(),
  scopes: text('scopes').array().notNull(),
  metadata: jsonb('metadata').$type<Metadata>().notNull(),
  createdAt: moment('created_at').notNull(),
  createdById: text('created_by_id').notNull(),
  createdByName: text('created_by_name'),
  updatedAt: moment('updated_at').notNull(),
  updatedById: text('updated_by_id').notNull(),
  updatedByName: text('updated_by_name'),
  expiresAt: moment('expires_at'),
  disabledAt: moment('disabled_at'),
  revokedAt: moment('revoked_at'),
  revokedById: text('revoked_by_id'),
  revokedByName: text('revoked_by_name'),
})

/** When keys were last used. Apart from `keys`, so that storing it neither touches their rows nor tells any cache. */
export const lastUsed = latchkeySchema.table('last_used', {
  keyId: uuid('key_id').primaryKey(),
  usedAt: moment('used_at').notNull(),
})

/** Creates that can be answered again. */
export const idempotency = latchkeySchema.table('idempotency', {
  id: bytea('id').primaryKey(),
  namespace: text('namespace').notNull(),
  owner: text('owner').notNull(),
  fingerprint: bytea('fingerprint').notNull(),
  sealedSecret: bytea('sealed_secret').notNull(),
  keyId: uuid('key_id').notNull(),
  expiresAt: moment('expires_at').notNull(),
})
