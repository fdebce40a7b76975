import {
  bigint,
  boolean,
  customType,
  inet,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import type { ExpiryPolicy } from '../expiry-policy.ts'
import type { IssuePolicy } from '../issue-policy.ts'
import type { Metadata } from '../key.ts'
import type { KeyKind } from '../key-kind.ts'
import type { QuotaPeriod } from '../quota.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { RevocationReason } from '../revocation.ts'
import type { Environment } from '../secret.ts'

/** Latchkey's own Postgres schema. The host's tables and migrations live elsewhere and are never touched. */
export const latchkeySchema = pgSchema('latchkey')

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
const transactionId = customType<{ data: string }>({ dataType: () => 'xid8' })
const spaceSeparated = customType<{ data: readonly string[]; driverData: string }>({
  dataType: () => 'text',
  toDriver: (words) => words.join(' '),
  fromDriver: (line) => (line === '' ? [] : line.split(' ')),
})
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
const exactMoment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** Whose keys there are, each in one namespace. */
export const owners = latchkeySchema.table('owners', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  namespace: text('namespace').notNull(),
  owner: text('owner').notNull(),
  /** Null: whatever the keys say. */
  scopes: spaceSeparated('scopes'),
  /** Null: whatever the host says. */
  expiryPolicy: jsonb('expiry_policy').$type<ExpiryPolicy>(),
  /** Null: whatever people may hand out. */
  issuePolicy: jsonb('issue_policy').$type<IssuePolicy>(),
  /** Null, both: not suspended. */
  suspendedAt: moment('suspended_at'),
  suspensionReason: text('suspension_reason'),
})

/** The keys. A revoked one stays as a tombstone for as long as the host says. */
export const keys = latchkeySchema.table('keys', {
  id: uuid('id').primaryKey(),
  createdAt: moment('created_at').notNull(),
  /** Null in `updated*`: never. */
  updatedAt: moment('updated_at'),
  expiresAt: moment('expires_at'),
  notBefore: moment('not_before'),
  disabledAt: moment('disabled_at'),
  revokedAt: moment('revoked_at'),
  /** Null: never. */
  rotatedAt: moment('rotated_at'),
  /** Null: 1. */
  version: integer('version'),
  /** Null: nobody is reminded. */
  rotateEveryDays: integer('rotate_every_days'),
  ownerId: integer('owner_id').notNull(),
  hash: bytea('hash').notNull(),
  start: text('start').notNull(),
  name: text('name').notNull(),
  environment: text('environment').$type<Environment>().notNull(),
  scopes: spaceSeparated('scopes').notNull(),
  /** Null: none. */
  metadata: jsonb('metadata').$type<Metadata>(),
  /** Null: a secret one. */
  kind: text('kind').$type<KeyKind>(),
  /** Null: everywhere. */
  allowedIps: spaceSeparated('allowed_ips'),
  allowedOrigins: spaceSeparated('allowed_origins'),
  /** Null: no. */
  blockBrowsers: boolean('block_browsers'),
  /** Null: none. */
  rateLimits: jsonb('rate_limits').$type<readonly RateLimit[]>(),
  createdById: text('created_by_id').notNull(),
  createdByName: text('created_by_name'),
  updatedById: text('updated_by_id'),
  updatedByName: text('updated_by_name'),
  revokedById: text('revoked_by_id'),
  revokedByName: text('revoked_by_name'),
  /** Null: unspecified. */
  revocationReason: text('revocation_reason').$type<RevocationReason>(),
  revocationNote: text('revocation_note'),
  /** Until when a revoked key can be restored; null: never. */
  restorableUntil: moment('restorable_until'),
  /** Under which the hash was made; null: none. */
  pepper: text('pepper'),
})

/** The secret that a key had before its present one. */
export const retiredSecrets = latchkeySchema.table('retired_secrets', {
  keyId: uuid('key_id').primaryKey(),
  /** Under which its last use is kept. */
  id: uuid('id').notNull(),
  retiredAt: moment('retired_at').notNull(),
  endsAt: moment('ends_at').notNull(),
  hash: bytea('hash').notNull(),
  version: integer('version').notNull(),
  start: text('start').notNull(),
  /** As in {@link keys}. */
  pepper: text('pepper'),
})

/** When and from where keys, and replaced secrets, were last used. Apart from `keys`, so that storing it neither touches their rows nor tells any cache. */
export const lastUsed = latchkeySchema.table('last_used', {
  keyId: uuid('key_id').primaryKey(),
  usedAt: moment('used_at').notNull(),
  address: inet('address'),
})

/** What keys may spend. Apart from `keys`, as `lastUsed` is. */
export const quotas = latchkeySchema.table('quotas', {
  keyId: uuid('key_id').primaryKey(),
  /** Names the credits that are counted in `remaining`. */
  allotment: uuid('allotment').notNull().defaultRandom(),
  /** The limit, which is a reserved word. */
  credits: bigint('credits', { mode: 'number' }).notNull(),
  remaining: bigint('remaining', { mode: 'number' }).notNull(),
  /** When `remaining` is the limit again; null for never. */
  endsAt: moment('ends_at'),
  anchorDay: smallint('anchor_day'),
  period: text('period').$type<QuotaPeriod>().notNull(),
  timeZone: text('time_zone').notNull(),
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

/** The keys by which tokens are signed: those that signed lately, the one that signs, and the next one. */
export const signingKeys = latchkeySchema.table(
  'signing_keys',
  {
    createdAt: moment('created_at').notNull().defaultNow(),
    signsFrom: moment('signs_from').notNull(),
    namespace: text('namespace').notNull(),
    kid: text('kid').notNull(),
    sealed: bytea('sealed').notNull(),
  },
  (table) => [primaryKey({ columns: [table.namespace, table.kid] })],
)

/** Touched keys, in no particular order, kept for about a minute; written by triggers alone. */
export const changes = latchkeySchema.table('changes', {
  sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  xid: transactionId('xid').notNull(),
  namespace: text('namespace').notNull(),
  /** Null: every key of the namespace. */
  hash: bytea('hash'),
  /** A key was revoked or disabled, so somebody may wait to hear that every node knows. */
  wantsReceipt: boolean('wants_receipt').notNull(),
  at: exactMoment('at').notNull().defaultNow(),
})

/** One row for each open Latchkey: whoever may have a key of the namespace in memory. */
export const nodes = latchkeySchema.table('nodes', {
  id: uuid('id').primaryKey(),
  namespace: text('namespace').notNull(),
  seenAt: exactMoment('seen_at').notNull(),
  /** Null in these: a node of a version that does not tell. */
  version: text('version'),
  host: text('host'),
  isListening: boolean('is_listening'),
})

/** Which node has dropped which change. */
export const changeAcks = latchkeySchema.table(
  'change_acks',
  {
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    node: uuid('node').notNull(),
    at: exactMoment('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.sequence, table.node] })],
)
