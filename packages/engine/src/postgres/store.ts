import {
  and,
  asc,
  count,
  desc,
  eq,
  inArray,
  isNotNull,
  isNull,
  gt,
  lte,
  or,
  sql,
  type SQL,
} from 'drizzle-orm'
import { within } from '../deadline.ts'
import { keyIdFromUuid, keyIdToUuid } from '../key-id.ts'
import type { ApiKey, KeyState, Metadata } from '../key.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { Created, IdempotencyRecord, KeyChanges, KeyStore, ListQuery, NewKey } from '../store.ts'
import { hashBytes, hashFromBytes, type Environment } from '../secret.ts'
import type { KeyFacts } from '../verdict.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { findUnconfirmed } from './change-log.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { idempotency, keys, lastUsed, owners } from './schema.ts'

const FIND_DEADLINE_MS = 2_000
const DEADLINE_MS = 5_000
/** Dead records removed by one create: enough to keep up, too few to be felt. */
const SWEEP_SIZE = 100

/** Keys in Postgres; the promises are in {@link KeyStore}. Every SQL statement about keys is in this file. */
export function createPostgresStore(database: Database, namespace: string): KeyStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())
  const quickAnswer = <T>(work: Promise<T>) => within(FIND_DEADLINE_MS, work, () => database.reportOverdue())

  const owned = (owner: string) => isOf({ namespace, owner })

  return {
    async findByHash(hash) {
      const [row] = await quickAnswer(
        database.query<FactsRow>(`${SELECT_FACTS} and hash = $2`, [namespace, hashBytes(hash)]),
      )
      return row === undefined ? null : toFacts(row)
    },

    async findByHashes(hashes) {
      // An array as text, which every driver sends alike.
      const list = `{${hashes.map((hash) => `"\\\\x${hashBytes(hash).toString('hex')}"`).join(',')}}`
      const rows = await quickAnswer(
        database.query<FactsRow>(`${SELECT_FACTS} and hash = any($2::text::bytea[])`, [namespace, list]),
      )
      return new Map(rows.map((row) => [hashFromBytes(row.hash), toFacts(row)]))
    },

    create(key, options) {
      return answer(drizzle.transaction((transaction) => create(transaction, namespace, key, options)))
    },

    async find(owner, id) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return null
      const [row] = await answer(selectKeys(drizzle).where(and(owned(owner), eq(keys.id, uuid))))
      return row === undefined ? null : toApiKey(row, { namespace, owner })
    },

    async list(owner, query) {
      const rows = await answer(
        selectKeys(drizzle)
          .where(and(owned(owner), ...filters(query)))
          .orderBy(...order(query))
          .limit(query.limit),
      )
      return rows.map((row) => toApiKey(row, { namespace, owner }))
    },

    change(owner, id, { actor, now }, decide) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return Promise.resolve({ outcome: 'not_found' })
      const row = and(owned(owner), eq(keys.id, uuid))
      return answer(
        drizzle.transaction(async (transaction) => {
          const [current] = await transaction.select().from(keys).where(row).for('update')
          if (current === undefined) return { outcome: 'not_found' }
          const decision = decide(toApiKey({ key: current, lastUse: null }, { namespace, owner }))
          if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }
          if (decision.changes !== null) {
            await transaction
              .update(keys)
              .set({
                ...columns(decision.changes),
                updatedAt: now,
                updatedById: actor.id,
                updatedByName: actor.name,
                ...(decision.changes.revokedAt && { revokedById: actor.id, revokedByName: actor.name }),
              })
              .where(row)
          }
          const [changed] = await selectKeys(transaction).where(row)
          const isLoss = Boolean(decision.changes?.revokedAt ?? decision.changes?.disabledAt)
          return {
            outcome: 'changed',
            apiKey: toApiKey(changed!, { namespace, owner }),
            hash: hashFromBytes(current.hash),
            unconfirmed: isLoss ? await findUnconfirmed(transaction, namespace) : null,
          }
        }),
      )
    },

    async ping() {
      await quickAnswer(drizzle.execute(sql`select 1`))
    },
  }
}

/** What {@link KeyFacts} needs, in types that every driver reads alike. */
const SELECT_FACTS = `select keys.id::text, hash, owner, name, environment, scopes, metadata::text, rate_limits::text,
  revoked_at is not null as revoked, disabled_at is not null as disabled,
  (extract(epoch from expires_at) * 1000)::float8 as expires_at_ms
  from latchkey.keys join latchkey.owners on owners.id = keys.owner_id where namespace = $1`

interface FactsRow {
  id: string
  hash: Uint8Array
  owner: string
  name: string
  environment: Environment
  scopes: string
  metadata: string | null
  rate_limits: string | null
  revoked: boolean
  disabled: boolean
  expires_at_ms: number | null
}

function toFacts(row: FactsRow): KeyFacts {
  return {
    id: keyIdFromUuid(row.id),
    owner: row.owner,
    name: row.name,
    environment: row.environment,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    metadata: row.metadata === null ? {} : (JSON.parse(row.metadata) as Metadata),
    rateLimits: row.rate_limits === null ? [] : (JSON.parse(row.rate_limits) as RateLimit[]),
    revoked: row.revoked,
    disabled: row.disabled,
    expiresAtMs: row.expires_at_ms,
  }
}

type KeyRow = { key: typeof keys.$inferSelect; lastUse: typeof lastUsed.$inferSelect | null }

function selectKeys(drizzle: DrizzleDatabase) {
  return drizzle
    .select({ key: keys, lastUse: lastUsed })
    .from(keys)
    .leftJoin(lastUsed, eq(lastUsed.keyId, keys.id))
}

/** Whose keys. */
interface Owner {
  namespace: string
  owner: string
}

function isOf({ namespace, owner }: Owner): SQL {
  const id = sql`(select id from ${owners} where namespace = ${namespace} and owner = ${owner})`
  return eq(keys.ownerId, id)
}

/** The public record, field by field, so that a column added later is not told by accident. */
function toApiKey({ key, lastUse }: KeyRow, { namespace, owner }: Owner): ApiKey {
  return {
    id: keyIdFromUuid(key.id),
    namespace,
    owner,
    name: key.name,
    environment: key.environment,
    start: key.start,
    scopes: key.scopes,
    metadata: key.metadata ?? {},
    rateLimits: key.rateLimits ?? [],
    createdAt: key.createdAt,
    createdBy: { id: key.createdById, name: key.createdByName },
    updatedAt: key.updatedAt ?? key.createdAt,
    expiresAt: key.expiresAt,
    disabledAt: key.disabledAt,
    revokedAt: key.revokedAt,
    lastUsedAt: lastUse?.usedAt ?? null,
    lastUsedAddress: lastUse?.address ?? null,
  }
}

async function create(
  transaction: DrizzleDatabase,
  namespace: string,
  key: NewKey,
  { maxKeys, idempotency: record }: Parameters<KeyStore['create']>[1],
): Promise<Created> {
  if (record !== null) {
    const answered = await answerAgain(transaction, namespace, key, record)
    if (answered !== null) return answered
  }
  // One create of an owner at a time: two that count together would both find room for one.
  const lock = advisoryLockKey('owner', namespace, key.owner)
  await transaction.execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`)
  const owner = { namespace, owner: key.owner }
  const unrevoked = and(isOf(owner), isNull(keys.revokedAt))
  // It counts no further than it must.
  const some = transaction.select({ id: keys.id }).from(keys).where(unrevoked).limit(maxKeys).as('some')
  const [counted] = await transaction.select({ total: count() }).from(some)
  if (counted!.total >= maxKeys) return { outcome: 'too_many_keys' }

  const ownerId = await findOrMakeOwner(transaction, owner)
  const [created] = await transaction.insert(keys).values(newRow(ownerId, key)).returning()
  if (record !== null) {
    const row = { ...record, ...owner, keyId: created!.id }
    await transaction.insert(idempotency).values(row)
  }
  return { outcome: 'created', apiKey: toApiKey({ key: created!, lastUse: null }, owner) }
}

/** The outcome of an earlier request with the same record, or null when this one is the first. */
async function answerAgain(
  transaction: DrizzleDatabase,
  namespace: string,
  { owner, createdAt: now }: NewKey,
  record: IdempotencyRecord,
): Promise<Created | null> {
  const lock = advisoryLockKey('idempotency', namespace, record.id)
  const [answer] = await transaction
    .select({ isMine: sql<boolean>`pg_try_advisory_xact_lock(${lock}::bigint)` })
    .from(sql`(values (1)) as one`)
  if (answer?.isMine !== true) return { outcome: 'in_flight' }

  await sweep(transaction, namespace, now)
  const same = and(
    eq(idempotency.namespace, namespace),
    eq(idempotency.owner, owner),
    eq(idempotency.id, record.id),
  )
  const [earlier] = await transaction.select().from(idempotency).where(same)
  if (earlier === undefined) return null
  if (earlier.expiresAt <= now) {
    // The sweep removes only so many at a time.
    await transaction.delete(idempotency).where(same)
    return null
  }
  const itsKey = and(isOf({ namespace, owner }), eq(keys.id, earlier.keyId))
  const [row] = await selectKeys(transaction).where(itsKey)
  return { outcome: 'replay', apiKey: toApiKey(row!, { namespace, owner }), record: earlier }
}

/** Called by one create of an owner at a time. */
async function findOrMakeOwner(transaction: DrizzleDatabase, owner: Owner): Promise<number> {
  const same = and(eq(owners.namespace, owner.namespace), eq(owners.owner, owner.owner))
  const [found] = await transaction.select({ id: owners.id }).from(owners).where(same)
  if (found !== undefined) return found.id
  const [made] = await transaction.insert(owners).values(owner).returning({ id: owners.id })
  return made!.id
}

function newRow(ownerId: number, key: NewKey): typeof keys.$inferInsert {
  return {
    id: keyIdToUuid(key.id)!,
    ownerId,
    hash: hashBytes(key.hash),
    start: key.start,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes,
    ...columns({ metadata: key.metadata, rateLimits: key.rateLimits }),
    createdAt: key.createdAt,
    createdById: key.createdBy.id,
    createdByName: key.createdBy.name,
    expiresAt: key.expiresAt,
  }
}

/** Removes records whose time is over; those another create is removing are left to it. */
async function sweep(transaction: DrizzleDatabase, namespace: string, now: Date): Promise<void> {
  const dead = transaction
    .select({ id: idempotency.id })
    .from(idempotency)
    .where(and(eq(idempotency.namespace, namespace), lte(idempotency.expiresAt, now)))
    .orderBy(idempotency.expiresAt)
    .limit(SWEEP_SIZE)
    .for('update', { skipLocked: true })
  await transaction.delete(idempotency).where(inArray(idempotency.id, dead))
}

/** A column that is null takes no room. */
function columns({ metadata, rateLimits, ...changes }: KeyChanges) {
  return {
    ...changes,
    ...(metadata && { metadata: Object.keys(metadata).length === 0 ? null : metadata }),
    ...(rateLimits && { rateLimits: rateLimits.length === 0 ? null : rateLimits }),
  }
}

function filters(query: ListQuery): (SQL | undefined)[] {
  return [
    or(...query.states.map((state) => hasState(state, query.now))),
    query.environment === null ? undefined : eq(keys.environment, query.environment),
    query.search === null ? undefined : matches(query.search),
    query.after === null ? undefined : isAfter(query),
  ]
}

/** The same precedence as `keyState`, in SQL. */
function hasState(state: KeyState, now: Date): SQL | undefined {
  const isExpired = lte(keys.expiresAt, now)
  const isCurrent = and(isNull(keys.revokedAt), or(isNull(keys.expiresAt), gt(keys.expiresAt, now)))
  if (state === 'revoked') return isNotNull(keys.revokedAt)
  if (state === 'expired') return and(isNull(keys.revokedAt), isExpired)
  if (state === 'disabled') return and(isCurrent, isNotNull(keys.disabledAt))
  return and(isCurrent, isNull(keys.disabledAt))
}

function matches(search: string): SQL | undefined {
  const literal = search.replace(/[\\%_]/g, '\\$&')
  return or(
    sql`${keys.name} ilike ${`%${literal}%`} escape '\\'`,
    sql`${keys.start} like ${`${literal}%`} escape '\\'`,
  )
}

/** By character code, whatever the database's language, so that every database pages alike. */
const sortableName = sql`lower(${keys.name}) collate "C"`

function order({ sort }: ListQuery): SQL[] {
  const direction = sort.startsWith('-') ? desc : asc
  const column = sort.endsWith('name') ? sortableName : keys.createdAt
  return [direction(column), direction(keys.id)]
}

function isAfter({ sort, after }: ListQuery): SQL {
  const comparison = sort.startsWith('-') ? sql`<` : sql`>`
  const [column, value] = sort.endsWith('name')
    ? [sortableName, sql`lower(${after!.value}) collate "C"`]
    : [keys.createdAt, sql`${after!.value}::timestamptz`]
  return sql`(${column}, ${keys.id}) ${comparison} (${value}, ${keyIdToUuid(after!.id)}::uuid)`
}
