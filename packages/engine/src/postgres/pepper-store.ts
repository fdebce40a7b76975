import { and, count, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { keyIdFromUuid, keyIdToUuid } from '../key-id.ts'
import type { PepperStore } from '../pepper-store.ts'
import { hashBytes, hashFromBytes } from '../secret.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { keys, owners, retiredSecrets } from './schema.ts'

const DEADLINE_MS = 5_000
/** Of a statement that reads every key. */
const LONG_DEADLINE_MS = 120_000
/** As many as are told to every node one by one. */
const STRETCH = 500

const KNOWN = `select name, pepper_check from latchkey.peppers where namespace = $1`
const NOTE = `insert into latchkey.peppers (namespace, name, pepper_check) values ($1, $2, $3) on conflict do nothing`

/**
 * Whoever changes a key has it to themselves; then it is left, and found again. A secret that is two keys, which only a
 * database that was changed by hand can have, stays as it is and holds nothing up.
 */
const REDIGEST = `
  with marked as materialized (select set_config('latchkey.redigesting', 'on', true) as is_on),
  given as materialized (
    select decode(moves.from_hash, 'hex') as from_hash, decode(moves.to_hash, 'hex') as to_hash
    from marked, jsonb_to_recordset($2::text::jsonb) as moves (from_hash text, to_hash text)
  ),
  free as materialized (
    select keys.id, from_hash, to_hash from latchkey.keys join given on keys.hash = from_hash
    where not exists (select from latchkey.keys as same where same.hash = to_hash)
    order by keys.id for update of keys skip locked
  ),
  free_retired as materialized (
    select retired.key_id, from_hash, to_hash from latchkey.retired_secrets as retired join given on retired.hash = from_hash
    where not exists (select from latchkey.retired_secrets as same where same.hash = to_hash)
    order by retired.key_id for update of retired skip locked
  ),
  present as (
    update latchkey.keys set hash = to_hash, pepper = $1 from free
    where keys.id = free.id and keys.hash = from_hash returning 1
  ),
  retired as (
    update latchkey.retired_secrets set hash = to_hash, pepper = $1 from free_retired
    where retired_secrets.key_id = free_retired.key_id and retired_secrets.hash = from_hash returning 1
  )
  select (select count(*) from present)::int + (select count(*) from retired)::int as moved`

/**
 * Of a key that was imported with a slow hash and not used since, the hash is that of how its text begins, which is no
 * secret: it stays as it is.
 */
const UNPEPPERED = `
  with stretch as materialized (
    select id, owner_id, hash, pepper from latchkey.keys where $2::text is null or id > $2::text::uuid
    order by id limit ${STRETCH}
  ),
  ours as (
    select stretch.* from stretch join latchkey.owners on owners.id = owner_id
    where namespace = $1
      and not exists (select from latchkey.imports where key_id = stretch.id and slow_hash is not null)
  ),
  found as (
    select hash from ours where pepper is null
    union all
    select retired.hash from latchkey.retired_secrets as retired join ours on ours.id = retired.key_id
    where retired.pepper is null
  )
  select (select id::text from stretch order by id desc limit 1) as last,
    (select coalesce(json_agg(encode(hash, 'hex')), '[]')::text from found) as hashes`

/** Peppers in Postgres; the promises are in {@link PepperStore}. */
export function createPepperStore(database: Database, namespace: string): PepperStore {
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())
  /** For a statement that may read every key. */
  const unhurried = <T>(work: (transaction: DrizzleDatabase) => Promise<T>) =>
    within(
      LONG_DEADLINE_MS,
      database.drizzle.transaction(async (transaction) => {
        await transaction.execute(sql.raw(`set local statement_timeout = ${LONG_DEADLINE_MS}`))
        return work(transaction)
      }),
      () => database.reportOverdue(),
    )
  /** Whose secrets may still open something, or again. */
  const ours = (now: Date) =>
    and(eq(owners.namespace, namespace), or(isNull(keys.revokedAt), gt(keys.restorableUntil, now)))
  const isUnder = (column: typeof keys.pepper | typeof retiredSecrets.pepper, pepper: string | null) =>
    pepper === null ? isNull(column) : eq(column, pepper)

  return {
    async known() {
      const rows = await answer(
        database.query<{ name: string; pepper_check: Uint8Array }>(KNOWN, [namespace]),
      )
      return new Map(rows.map((row) => [row.name, row.pepper_check]))
    },

    async note(name, check) {
      await answer(database.query(NOTE, [namespace, name, check]))
    },

    count(pepper, now) {
      return unhurried(async (transaction) => {
        const [present] = await transaction
          .select({ count: count() })
          .from(keys)
          .innerJoin(owners, eq(owners.id, keys.ownerId))
          .where(and(ours(now), isUnder(keys.pepper, pepper)))
        const [retired] = await transaction
          .select({ count: count() })
          .from(retiredSecrets)
          .innerJoin(keys, eq(keys.id, retiredSecrets.keyId))
          .innerJoin(owners, eq(owners.id, keys.ownerId))
          .where(and(ours(now), isUnder(retiredSecrets.pepper, pepper), gt(retiredSecrets.endsAt, now)))
        return { pepper, keys: present!.count, retiredSecrets: retired!.count }
      })
    },

    async list(pepper, now, { limit, after }) {
      const behind = after === null ? undefined : gt(keys.id, keyIdToUuid(after) ?? after)
      const working = and(isUnder(retiredSecrets.pepper, pepper), gt(retiredSecrets.endsAt, now))
      const rows = await unhurried((transaction) =>
        transaction
          .select({ key: keys, owner: owners.owner })
          .from(keys)
          .innerJoin(owners, eq(owners.id, keys.ownerId))
          .leftJoin(retiredSecrets, eq(retiredSecrets.keyId, keys.id))
          .where(
            and(
              ours(now),
              behind,
              or(isUnder(keys.pepper, pepper), and(isNotNull(retiredSecrets.id), working)),
            ),
          )
          .orderBy(keys.id)
          .limit(limit),
      )
      return rows.map(({ key: { id, name, start, createdAt }, owner }) => ({
        id: keyIdFromUuid(id),
        owner,
        name,
        start,
        createdAt,
      }))
    },

    async redigest(moves, pepper) {
      const hex = (hash: string) => hashBytes(hash).toString('hex')
      const given = moves.map(({ from, to }) => ({ from_hash: hex(from), to_hash: hex(to) }))
      const [row] = await answer(database.query<{ moved: number }>(REDIGEST, [pepper, JSON.stringify(given)]))
      return row!.moved
    },

    async unpeppered(after) {
      const [row] = await answer(
        database.query<{ last: string | null; hashes: string }>(UNPEPPERED, [namespace, after]),
      )
      const hashes = JSON.parse(row!.hashes) as string[]
      return { last: row!.last, hashes: hashes.map((hash) => hashFromBytes(Buffer.from(hash, 'hex'))) }
    },
  }
}
