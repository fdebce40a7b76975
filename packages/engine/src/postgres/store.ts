import { randomUUID } from 'node:crypto'
import { and, eq, lte, sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { keyIdToUuid } from '../key-id.ts'
import { auditContext } from '../author.ts'
import type { ApiKey } from '../key.ts'
import { fullQuota, quotaAt } from '../quota.ts'
import type { ScopeCatalog } from '../scopes.ts'
import type { Created, IdempotencyRecord, KeyStore, NewKey } from '../store.ts'
import { hashBytes, hashFromBytes } from '../secret.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { recordAs, recordedAs } from './audit-store.ts'
import { findUnconfirmed } from './change-log.ts'
import { changedBy, changeMany, orNull } from './change-many.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { createFactsReader, FIND_MANY, FIND_ONE, hashList, type FactsRow } from './key-facts.ts'
import { filters, isOnPage, order } from './key-page.ts'
import { bare, hashesOf, isOf, selectKeys, toApiKey, type KeyRow, type Owner } from './key-row.ts'
import { insertQuota, newQuota } from './quota-store.ts'
import { idempotency, keys, retiredSecrets } from './schema.ts'

const FIND_DEADLINE_MS = 2_000
const DEADLINE_MS = 5_000

/**
 * Keys in Postgres; the promises are in {@link KeyStore}. Every SQL statement about keys is in this file and in
 * `change-many`, `key-facts`, `key-page`, `key-row` and `tombstone-store`.
 */
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
      const rows = await quickAnswer(database.query<FactsRow>(FIND_MANY, [namespace, hashList(hashes)]))
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
          .where(and(owned(owner), ...filters(query), isOnPage(query)))
          .orderBy(...order(query))
          .limit(query.limit),
      )
      return rows.map((row) => toApiKey(row, { namespace, owner }))
    },

    async count(owner, query) {
      const [row] = await answer(
        drizzle
          .select({ total: sql<number>`count(*)::int` })
          .from(keys)
          .where(and(owned(owner), ...filters(query))),
      )
      return row!.total
    },

    async change(owner, id, by, decide) {
      const { results, unconfirmed } = await this.changeMany(owner, [id], by, {}, decide)
      const result = results[0]!
      return result.outcome === 'changed' ? { ...result, unconfirmed } : result
    },

    changeMany(owner, ids, by, options, decide) {
      return answer(
        drizzle.transaction((transaction) =>
          changeMany(transaction, { namespace, owner }, ids, by, options, decide),
        ),
      )
    },

    rotate(owner, id, by, requestId, decide) {
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
          const decision = decide(toApiKey(current, { namespace, owner }))
          if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }

          const { hash, pepper, start, endsAt, idempotency: request } = decision.secret
          const { hash: oldHash, pepper: oldPepper, start: oldStart, version } = key
          const old = {
            id: randomUUID(),
            hash: oldHash,
            pepper: oldPepper,
            start: oldStart,
            version: version ?? 1,
            retiredAt: by.now,
            endsAt,
          }
          await recordAs(transaction, by.actor)
          await transaction
            .insert(retiredSecrets)
            .values({ keyId: uuid, ...old })
            .onConflictDoUpdate({ target: retiredSecrets.keyId, set: old })
          await transaction
            .update(keys)
            .set({
              hash: hashBytes(hash),
              pepper,
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
            unconfirmed: endsAt <= by.now ? await findUnconfirmed(transaction, namespace) : null,
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
          await recordAs(transaction, by.actor)
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

/** Each parameter is text, which every driver sends alike. A record's columns come as JSON. */
const CREATE_KEY = `select latchkey.create_key($1, $2, $3::text::integer, $4::text::bigint, $5::text::boolean,
  jsonb_populate_record(null::latchkey.keys, $6::text::jsonb),
  $7::text::bigint, jsonb_populate_record(null::latchkey.idempotency, $8::text::jsonb)) as outcome from context`
const CREATE_KEY_ALONE = `with ${recordedAs(9)} ${CREATE_KEY}`
/** Both or neither, in one statement. */
const CREATE_KEY_WITH_QUOTA = `
  with ${recordedAs(9)}, created as materialized (${CREATE_KEY}),
  quota as (${insertQuota(10, `(select outcome from created) = 'created'`)})
  select outcome, (extract(epoch from now()) * 1000)::float8 as "nowMs" from created`

async function create(
  database: Database,
  namespace: string,
  key: NewKey,
  options: Parameters<KeyStore['create']>[1],
): Promise<Created> {
  const { actor, maxKeys, idempotency: record } = options
  const { owner } = key
  async function attempt(isAlone: boolean): Promise<{ outcome: string; nowMs?: number }> {
    const statement = key.quota === null ? CREATE_KEY_ALONE : CREATE_KEY_WITH_QUOTA
    const [row] = await database.query<{ outcome: string; nowMs?: number }>(statement, [
      namespace,
      owner,
      String(maxKeys),
      advisoryLockKey('owner', namespace, owner),
      String(isAlone),
      JSON.stringify(keyColumns(key)),
      record && advisoryLockKey('idempotency', namespace, record.id),
      record && JSON.stringify(recordColumns(record, { namespace, key })),
      auditContext(actor),
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
    pepper: key.pepper,
    start: key.start,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes.join(' '),
    metadata: orNull(key.metadata),
    kind: key.kind === 'secret' ? null : key.kind,
    allowed_ips: orNull(key.allowedIps)?.join(' '),
    allowed_origins: orNull(key.allowedOrigins)?.join(' '),
    block_browsers: key.blockBrowsers || null,
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

function newApiKey(namespace: string, { hash: _, pepper: __, quota, ...key }: NewKey, nowMs = 0): ApiKey {
  return {
    ...key,
    namespace,
    quota: quota && quotaAt(fullQuota(quota), nowMs),
    updatedAt: key.createdAt,
    disabledAt: null,
    revokedAt: null,
    revocation: null,
    version: 1,
    rotatedAt: null,
    retiringSecret: null,
    lastUsedAt: null,
    lastUsedAddress: null,
  }
}
