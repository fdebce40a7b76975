import { randomUUID } from 'node:crypto'
import { and, asc, desc, eq, isNotNull, isNull, gt, lte, or, sql, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { within } from '../deadline.ts'
import { keyIdFromUuid, keyIdToUuid } from '../key-id.ts'
import type { Actor, ApiKey, KeyState, Metadata } from '../key.ts'
import { fullQuota, quotaAt } from '../quota.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { ScopeCatalog } from '../scopes.ts'
import type { Created, IdempotencyRecord, KeyChanges, KeyStore, ListQuery, NewKey } from '../store.ts'
import { hashBytes, hashFromBytes, type Environment } from '../secret.ts'
import type { KeyFacts } from '../verdict.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { findUnconfirmed } from './change-log.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { changeQuota, insertQuota, newQuota, quotaColumns, toStoredQuota } from './quota-store.ts'
import { idempotency, keys, lastUsed, owners, quotas, retiredSecrets } from './schema.ts'

const FIND_DEADLINE_MS = 2_000
const DEADLINE_MS = 5_000

/** Keys in Postgres; the promises are in {@link KeyStore}. Every SQL statement about keys is in this file. */
export function createPostgresStore(database: Database, namespace: string, catalog: ScopeCatalog): KeyStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())
  const quickAnswer = <T>(work: Promise<T>) => within(FIND_DEADLINE_MS, work, () => database.reportOverdue())

  const owned = (owner: string) => isOf({ namespace, owner })
  const toFacts = createFactsReader(catalog)

  return {
    async findByHash(hash) {
      const [row] = await quickAnswer(database.query<FactsRow>(FIND_ONE, [namespace, hashBytes(hash)]))
      return row === undefined ? null : toFacts(row)
    },

    async findByHashes(hashes) {
      // An array as text, which every driver sends alike.
      const list = `{${hashes.map((hash) => `"\\\\x${hashBytes(hash).toString('hex')}"`).join(',')}}`
      const rows = await quickAnswer(database.query<FactsRow>(FIND_MANY, [namespace, list]))
      return new Map(rows.map((row) => [hashFromBytes(row.hash), toFacts(row)]))
    },

    create(key, options) {
      return answer(create(database, namespace, key, options))
    },

    async forgetRequests(now) {
      const isOver = and(eq(idempotency.namespace, namespace), lte(idempotency.expiresAt, now))
      await answer(drizzle.delete(idempotency).where(isOver))
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
          const decision = decide(toApiKey(bare(current), { namespace, owner }))
          if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }
          if (decision.changes !== null) {
            const { quota, ...changes } = decision.changes
            await transaction
              .update(keys)
              .set({
                ...columns(changes),
                ...changedBy({ actor, now }),
                ...(changes.revokedAt && { revokedById: actor.id, revokedByName: actor.name }),
              })
              .where(row)
            if (quota !== undefined) await changeQuota(transaction, uuid, quota)
          }
          const [changed] = await selectKeys(transaction).where(row)
          const isLoss = Boolean(decision.changes?.revokedAt ?? decision.changes?.disabledAt)
          return {
            outcome: 'changed',
            apiKey: toApiKey(changed!, { namespace, owner }),
            hashes: hashesOf({ key: current, retired: changed!.retired }),
            unconfirmed: isLoss ? await findUnconfirmed(transaction, namespace) : null,
          }
        }),
      )
    },

    rotate(owner, id, by, makeSecret, decide, requestId) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return Promise.resolve({ outcome: 'not_found' })
      return answer(
        drizzle.transaction(async (transaction) => {
          if (requestId !== null) {
            const earlier = await claimRequest(transaction, { namespace, owner }, requestId, by.now)
            if (earlier !== null) return earlier
          }
          const current = await lockKey(transaction, { namespace, owner }, uuid)
          if (current === null) return { outcome: 'not_found' }
          const { key } = current
          const record = toApiKey(current, { namespace, owner })
          const decision = decide(record)
          if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }

          const { hash, start, idempotency: request } = makeSecret(record)
          const { hash: oldHash, start: oldStart, version } = key
          const old = {
            id: randomUUID(),
            hash: oldHash,
            start: oldStart,
            version: version ?? 1,
            retiredAt: by.now,
            endsAt: decision.endsAt,
          }
          await transaction
            .insert(retiredSecrets)
            .values({ keyId: uuid, ...old })
            .onConflictDoUpdate({ target: retiredSecrets.keyId, set: old })
          await transaction
            .update(keys)
            .set({
              hash: hashBytes(hash),
              start,
              version: old.version + 1,
              rotatedAt: by.now,
              ...changedBy(by),
            })
            .where(eq(keys.id, uuid))
          if (request !== null) {
            const kept = { ...request, namespace, owner, keyId: uuid }
            await transaction.insert(idempotency).values(kept)
          }
          const [changed] = await selectKeys(transaction).where(eq(keys.id, uuid))
          return {
            outcome: 'rotated',
            apiKey: toApiKey(changed!, { namespace, owner }),
            hashes: hashesOf(current),
            unconfirmed: old.endsAt <= by.now ? await findUnconfirmed(transaction, namespace) : null,
          }
        }),
      )
    },

    retire(owner, id, by, decide) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return Promise.resolve({ outcome: 'not_found' })
      return answer(
        drizzle.transaction(async (transaction) => {
          const current = await lockKey(transaction, { namespace, owner }, uuid)
          if (current === null) return { outcome: 'not_found' }
          const decision = decide(toApiKey(current, { namespace, owner }))
          if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }
          const { endsAt } = decision
          await transaction.update(retiredSecrets).set({ endsAt }).where(eq(retiredSecrets.keyId, uuid))
          await transaction.update(keys).set(changedBy(by)).where(eq(keys.id, uuid))
          const [changed] = await selectKeys(transaction).where(eq(keys.id, uuid))
          return {
            outcome: 'changed',
            apiKey: toApiKey(changed!, { namespace, owner }),
            hashes: hashesOf(current),
            unconfirmed: endsAt <= by.now ? await findUnconfirmed(transaction, namespace) : null,
          }
        }),
      )
    },

    async ping() {
      await quickAnswer(drizzle.execute(sql`select 1`))
    },
  }
}

function changedBy({ actor, now }: { actor: Actor; now: Date }) {
  return { updatedAt: now, updatedById: actor.id, updatedByName: actor.name }
}

/** A row without what is known of its uses and of its secret before. */
function bare(key: typeof keys.$inferSelect): KeyRow {
  return { key, lastUse: null, retired: null, retiredUse: null, quota: null, nowMs: 0 }
}

function hashesOf({ key, retired }: Pick<KeyRow, 'key' | 'retired'>): string[] {
  return [key.hash, ...(retired ? [retired.hash] : [])].map(hashFromBytes)
}

/** A key and its secret before, which nobody else can change until the transaction ends. */
async function lockKey(transaction: DrizzleDatabase, owner: Owner, uuid: string): Promise<KeyRow | null> {
  const [key] = await transaction
    .select()
    .from(keys)
    .where(and(isOf(owner), eq(keys.id, uuid)))
    .for('update')
  if (key === undefined) return null
  const [retired] = await transaction.select().from(retiredSecrets).where(eq(retiredSecrets.keyId, uuid))
  return { ...bare(key), retired: retired ?? null }
}

/** Makes sure that a request is carried out once: what it was answered before, or null when it never was. */
async function claimRequest(transaction: DrizzleDatabase, owner: Owner, id: Uint8Array, now: Date) {
  const lock = advisoryLockKey('idempotency', owner.namespace, id)
  const [row] = await transaction
    .select({ isMine: sql<boolean>`pg_try_advisory_xact_lock(${lock}::bigint)` })
    .from(sql`(values (1)) as one`)
  if (row?.isMine !== true) return { outcome: 'in_flight' as const }
  await transaction.delete(idempotency).where(and(eq(idempotency.id, id), lte(idempotency.expiresAt, now)))
  return findEarlier(transaction, owner, id)
}

/** What {@link KeyFacts} needs, in types that every driver reads alike. */
const FACTS = `keys.id::text, owner, name, environment, keys.scopes, metadata::text, rate_limits::text,
  case when revoked_at is not null then 'revoked' when disabled_at is not null then 'disabled' end as barred,
  (extract(epoch from expires_at) * 1000)::float8 as expires_at_ms,
  (extract(epoch from not_before) * 1000)::float8 as not_before_ms, owners.scopes as owner_scopes,
  (select allotment::text from latchkey.quotas where key_id = keys.id) as allotment`
const OF_PRESENT = `${FACTS}, keys.hash, null as retired_id, null::float8 as ends_at_ms
  from latchkey.keys join latchkey.owners on owners.id = keys.owner_id`
const OF_RETIRED = `${FACTS}, retired.hash, retired.id::text as retired_id,
  (extract(epoch from retired.ends_at) * 1000)::float8 as ends_at_ms
  from latchkey.retired_secrets as retired join latchkey.keys on keys.id = retired.key_id
  join latchkey.owners on owners.id = keys.owner_id`
const FIND_ONE = `select ${OF_PRESENT} where namespace = $1 and keys.hash = $2
  union all select ${OF_RETIRED} where namespace = $1 and retired.hash = $2`
/** Joined, not compared with `any`, which reads the text of the list again for every key that it finds. */
const FIND_MANY = `with wanted as materialized (select unnest($2::text::bytea[]) as hash)
  select ${OF_PRESENT} join wanted on wanted.hash = keys.hash where namespace = $1
  union all select ${OF_RETIRED} join wanted on wanted.hash = retired.hash where namespace = $1`

interface FactsRow {
  id: string
  hash: Uint8Array
  owner: string
  name: string
  environment: Environment
  scopes: string
  metadata: string | null
  rate_limits: string | null
  barred: 'revoked' | 'disabled' | null
  expires_at_ms: number | null
  not_before_ms: number | null
  owner_scopes: string | null
  retired_id: string | null
  ends_at_ms: number | null
  allotment: string | null
}

/** What many keys have in common is kept once: their owner's name, and lists of the same scopes. */
function createFactsReader({ expand }: ScopeCatalog) {
  const owners = new Map<string, string>()
  const scopes = new Map<string, readonly string[]>()
  const words = (line: string) => (line === '' ? [] : line.split(' '))

  /** What a key may do now: what it says, as far as its owner may do that. */
  function grantedScopes(row: FactsRow): readonly string[] {
    const { scopes: own, owner_scopes: bound } = row
    if (bound === null) return remember(scopes, own, () => expand(words(own)))
    return remember(scopes, `${own}\n${bound}`, () => {
      const allowed = new Set(expand(words(bound)))
      return expand(words(own)).filter((scope) => allowed.has(scope))
    })
  }

  return (row: FactsRow): KeyFacts => ({
    id: keyIdFromUuid(row.id),
    owner: remember(owners, row.owner, String),
    name: row.name,
    // Not the text that was read: there is one for each row.
    environment: row.environment === 'live' ? 'live' : 'test',
    scopes: grantedScopes(row),
    metadata: row.metadata === null ? {} : (JSON.parse(row.metadata) as Metadata),
    rateLimits: row.rate_limits === null ? [] : (JSON.parse(row.rate_limits) as RateLimit[]),
    barred: row.barred,
    expiresAtMs: row.expires_at_ms,
    notBeforeMs: row.not_before_ms,
    retired: row.retired_id === null ? null : { id: row.retired_id, endsAtMs: row.ends_at_ms! },
    allotment: row.allotment,
  })
}

const MAX_REMEMBERED = 10_000

/** Forgets everything now and then: simpler than knowing what is still in use, and nothing but memory depends on it. */
function remember<T>(known: Map<string, T>, name: string, make: (name: string) => T): T {
  let value = known.get(name)
  if (value === undefined) {
    if (known.size >= MAX_REMEMBERED) known.clear()
    value = make(name)
    known.set(name, value)
  }
  return value
}

type LastUse = typeof lastUsed.$inferSelect
interface KeyRow {
  key: typeof keys.$inferSelect
  lastUse: LastUse | null
  retired: typeof retiredSecrets.$inferSelect | null
  retiredUse: LastUse | null
  quota: typeof quotas.$inferSelect | null
  /** By the database's clock. */
  nowMs: number
}

const retiredUses = alias(lastUsed, 'retired_uses')

function selectKeys(drizzle: DrizzleDatabase) {
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
interface Owner {
  namespace: string
  owner: string
}

function isOf({ namespace, owner }: Owner): SQL {
  const id = sql`(select id from ${owners} where namespace = ${namespace} and owner = ${owner})`
  return eq(keys.ownerId, id)
}

/** The public record, field by field, so that a column added later is not told by accident. */
function toApiKey(
  { key, lastUse, retired, retiredUse, quota, nowMs }: KeyRow,
  { namespace, owner }: Owner,
): ApiKey {
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
    quota: quota && quotaAt(toStoredQuota(quota), nowMs),
    createdAt: key.createdAt,
    createdBy: { id: key.createdById, name: key.createdByName },
    updatedAt: key.updatedAt ?? key.createdAt,
    expiresAt: key.expiresAt,
    notBefore: key.notBefore,
    disabledAt: key.disabledAt,
    revokedAt: key.revokedAt,
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

/** Each parameter is text, which every driver sends alike. A record's columns come as JSON. */
const CREATE_KEY = `select latchkey.create_key($1, $2, $3::text::integer, $4::text::bigint, $5::text::boolean,
  jsonb_populate_record(null::latchkey.keys, $6::text::jsonb),
  $7::text::bigint, jsonb_populate_record(null::latchkey.idempotency, $8::text::jsonb)) as outcome`
/** Both or neither, in one statement. */
const CREATE_KEY_WITH_QUOTA = `
  with created as materialized (${CREATE_KEY}),
  quota as (${insertQuota(9, `(select outcome from created) = 'created'`)})
  select outcome, (extract(epoch from now()) * 1000)::float8 as "nowMs" from created`

async function create(
  database: Database,
  namespace: string,
  key: NewKey,
  options: Parameters<KeyStore['create']>[1],
): Promise<Created> {
  const { maxKeys, idempotency: record } = options
  const { owner } = key
  async function attempt(isAlone: boolean): Promise<{ outcome: string; nowMs?: number }> {
    const statement = key.quota === null ? CREATE_KEY : CREATE_KEY_WITH_QUOTA
    const [row] = await database.query<{ outcome: string; nowMs?: number }>(statement, [
      namespace,
      owner,
      String(maxKeys),
      advisoryLockKey('owner', namespace, owner),
      String(isAlone),
      JSON.stringify(keyColumns(key)),
      record && advisoryLockKey('idempotency', namespace, record.id),
      record && JSON.stringify(recordColumns(record, { namespace, key })),
      ...(key.quota === null ? [] : [JSON.stringify(newQuota(key, key.quota))]),
    ])
    return row!
  }

  let created = await attempt(false)
  if (created.outcome === 'nearly_full') created = await attempt(true)
  const { outcome, nowMs } = created
  switch (outcome) {
    case 'in_flight':
    case 'too_many_keys':
      return { outcome }
    case 'replay':
      return (
        (await findEarlier(database.drizzle, { namespace, owner }, record!.id)) ??
        // Its time was over just now.
        create(database, namespace, key, options)
      )
    default:
      return { outcome: 'created', apiKey: newApiKey(namespace, key, nowMs) }
  }
}

type Replay = Extract<Created, { outcome: 'replay' }>

/** What an earlier request with the same record was answered, and its key as it is now. */
async function findEarlier(drizzle: DrizzleDatabase, owner: Owner, id: Uint8Array): Promise<Replay | null> {
  const same = and(
    eq(idempotency.namespace, owner.namespace),
    eq(idempotency.owner, owner.owner),
    eq(idempotency.id, id),
  )
  const [record] = await drizzle.select().from(idempotency).where(same)
  if (record === undefined) return null
  const [row] = await selectKeys(drizzle).where(and(isOf(owner), eq(keys.id, record.keyId)))
  return row === undefined ? null : { outcome: 'replay', apiKey: toApiKey(row, owner), record }
}

/** A new row by the names of its columns. */
export function keyColumns(key: NewKey): Record<string, unknown> {
  return {
    id: keyIdToUuid(key.id),
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    not_before: key.notBefore,
    rotate_every_days: key.rotateEveryDays,
    hash: `\\x${hashBytes(key.hash).toString('hex')}`,
    start: key.start,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes.join(' '),
    metadata: orNull(key.metadata),
    rate_limits: orNull(key.rateLimits),
    created_by_id: key.createdBy.id,
    created_by_name: key.createdBy.name,
  }
}

function recordColumns(
  { id, fingerprint, sealedSecret, expiresAt }: IdempotencyRecord,
  { namespace, key }: { namespace: string; key: NewKey },
): Record<string, unknown> {
  return {
    id: `\\x${Buffer.from(id).toString('hex')}`,
    namespace,
    owner: key.owner,
    fingerprint: `\\x${Buffer.from(fingerprint).toString('hex')}`,
    sealed_secret: `\\x${Buffer.from(sealedSecret).toString('hex')}`,
    key_id: keyIdToUuid(key.id),
    expires_at: expiresAt,
  }
}

function newApiKey(namespace: string, { hash: _, quota, ...key }: NewKey, nowMs = 0): ApiKey {
  return {
    ...key,
    namespace,
    quota: quota && quotaAt(fullQuota(quota), nowMs),
    updatedAt: key.createdAt,
    disabledAt: null,
    revokedAt: null,
    version: 1,
    rotatedAt: null,
    retiringSecret: null,
    lastUsedAt: null,
    lastUsedAddress: null,
  }
}

function columns({ metadata, rateLimits, ...changes }: KeyChanges) {
  return {
    ...changes,
    ...(metadata && { metadata: orNull(metadata) }),
    ...(rateLimits && { rateLimits: orNull(rateLimits) }),
  }
}

/** A column that is null takes no room. */
function orNull<T extends object>(value: T): T | null {
  return Object.keys(value).length === 0 ? null : value
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
  const isPending = gt(keys.notBefore, now)
  const isEnabled = and(isCurrent, isNull(keys.disabledAt))
  if (state === 'pending') return and(isEnabled, isPending)
  return and(isEnabled, or(isNull(keys.notBefore), lte(keys.notBefore, now)))
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
