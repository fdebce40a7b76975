import { eq, sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { keyIdToUuid } from '../key-id.ts'
import type { QuotaChange } from '../quota-input.ts'
import type { LeaseAnswer, LeaseRequest, QuotaStore } from '../quota-lease.ts'
import {
  periodAt,
  redefine,
  type QuotaDefinition,
  type QuotaPeriod,
  type Redefined,
  type StoredQuota,
} from '../quota.ts'
import type { NewKey } from '../store.ts'
import type { Database, DrizzleDatabase, Parameter } from './database.ts'
import { quotas } from './schema.ts'

const DEADLINE_MS = 2_000
/** Of what is left, so that the last credits are handed out one by one, to whichever node wants them. */
const BLOCK_PART = 16

/** Leases in Postgres; the promises are in {@link QuotaStore}. Every SQL statement about quotas is in this file. */
export function createQuotaStore(database: Database): QuotaStore {
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async lease({ id, needed, wanted, period }) {
      const [row] = await answer(
        database.query<LeaseRow>(LEASE, [
          keyIdToUuid(id),
          String(needed),
          String(wanted),
          ...periodParameters(period),
        ]),
      )
      return row === undefined ? null : toAnswer(row)
    },

    async giveBack(blocks) {
      await answer(
        database.query(GIVE_BACK, [
          list(blocks.map(({ id }) => keyIdToUuid(id)!)),
          list(blocks.map(({ allotment }) => allotment)),
          list(blocks.map(({ credits }) => credits)),
        ]),
      )
    },

    async ping() {
      await answer(database.query('select 1', []))
    },
  }
}

/**
 * Fills the quota up when its period is over, and takes a block from it: atomic, since the row is locked first, and by
 * one clock, the database's. Where a period begins and ends by the calendar is for the caller to say; it may be wrong
 * about the time and about the quota's definition, so both are checked. A refill that cannot be done yet is told by
 * `isOver`.
 */
const LEASE = `
  with quota as materialized (
    select *, coalesce(ends_at <= now(), false) as is_over
    from latchkey.quotas where key_id = $1::uuid
    for update
  ),
  filled as (
    select *, is_over and coalesce(
      (period, time_zone, anchor_day) is not distinct from ($4::text, $5::text, $6::text::smallint)
      and to_timestamp($7::text::float8 / 1000) <= now() and now() < to_timestamp($8::text::float8 / 1000),
    false) as is_refill
    from quota
  ),
  available as (
    select *, case when is_refill then credits when is_over then 0 else remaining end as available from filled
  ),
  leased as materialized (
    select key_id, credits, period, time_zone, anchor_day, is_over and not is_refill as is_over,
      case when is_refill then gen_random_uuid() else allotment end as allotment,
      case when is_refill then to_timestamp($8::text::float8 / 1000) else ends_at end as ends_at,
      available,
      case when available >= $2::text::bigint
        then greatest($2::text::bigint, least($3::text::bigint, available / ${BLOCK_PART}))
        else 0
      end as granted
    from available
  ),
  stored as (
    update latchkey.quotas
    set remaining = available - granted, allotment = leased.allotment, ends_at = leased.ends_at
    from leased
    where quotas.key_id = leased.key_id and not leased.is_over
      and (granted > 0 or quotas.allotment <> leased.allotment)
  )
  select credits::float8 as "limit", period, time_zone as "timeZone", anchor_day as "anchorDay",
    allotment::text, granted::float8, (available - granted)::float8 as rest, is_over as "isOver",
    (extract(epoch from now()) * 1000)::float8 as "nowMs",
    (extract(epoch from ends_at) * 1000)::float8 as "endsAtMs"
  from leased`

interface LeaseRow extends Omit<LeaseAnswer, 'definition'>, QuotaDefinition {}

function toAnswer({ limit, period, timeZone, anchorDay, ...answer }: LeaseRow): LeaseAnswer {
  return { ...answer, definition: { limit, period, timeZone, anchorDay } }
}

function periodParameters(known: LeaseRequest['period']): Parameter[] {
  if (known === null) return [null, null, null, null, null]
  const { definition, startMs, endMs } = known
  const { period, timeZone, anchorDay } = definition
  return [period, timeZone, anchorDay === null ? null : String(anchorDay), String(startMs), String(endMs)]
}

/** In one order, so that two nodes which give back for the same keys cannot wait for each other. */
const GIVE_BACK = `
  with returned as (
    select key_id, allotment, sum(credits)::bigint as credits
    from unnest($1::text::uuid[], $2::text::uuid[], $3::text::bigint[]) as blocks (key_id, allotment, credits)
    group by key_id, allotment
  ),
  locked as materialized (
    select key_id from latchkey.quotas where key_id in (select key_id from returned)
    order by key_id for update
  )
  update latchkey.quotas set remaining = remaining + returned.credits
  from returned join locked using (key_id)
  where quotas.key_id = returned.key_id and quotas.allotment = returned.allotment`

/** An array as Postgres writes it. None of the values needs quotes. */
const list = (values: readonly (string | number)[]) => `{${values.join(',')}}`

/** What is told of a quota when its key is read: with the database's clock, by which its period ends. */
export const quotaColumns = {
  quota: quotas,
  nowMs: sql<number>`(extract(epoch from now()) * 1000)::float8`,
}

/** A row, as {@link quotaColumns} read it. */
export function toStoredQuota(row: typeof quotas.$inferSelect): StoredQuota {
  return {
    limit: row.credits,
    period: row.period,
    timeZone: row.timeZone,
    anchorDay: row.anchorDay,
    remaining: row.remaining,
    endsAtMs: row.endsAt?.getTime() ?? null,
  }
}

/**
 * Stores the quota of a key that the same statement creates, if it does. The period is told by the caller's clock; if
 * the database's is in another one, the period is over at once, and the first lease begins the right one.
 *
 * @param parameter the number of the statement's parameter that is a {@link newQuota}.
 */
export const insertQuota = (parameter: number, condition: string) => `
  insert into latchkey.quotas (key_id, credits, remaining, period, time_zone, anchor_day, ends_at)
  select key_id, credits, credits, period, time_zone, anchor_day, case
    when starts_at <= now() and now() < ends_at then ends_at when period <> 'never' then now()
  end
  from jsonb_to_record($${parameter}::text::jsonb) as quota (
    key_id uuid, credits bigint, period text, time_zone text, anchor_day smallint,
    starts_at timestamptz, ends_at timestamptz
  )
  where ${condition}`

/** The quota of a new key, as {@link insertQuota} takes it. */
export function newQuota({ id, createdAt }: NewKey, definition: QuotaDefinition): object {
  const { limit, period, timeZone, anchorDay } = definition
  const first = periodAt(definition, createdAt.getTime())
  return {
    key_id: keyIdToUuid(id),
    credits: limit,
    period,
    time_zone: timeZone,
    anchor_day: anchorDay,
    starts_at: first && new Date(first.startMs),
    ends_at: first && new Date(first.endMs),
  }
}

/** Changes or removes the quota of a key, in a transaction that holds the key's row. */
export async function changeQuota(
  transaction: DrizzleDatabase,
  keyUuid: string,
  change: QuotaChange | null,
): Promise<void> {
  const isOfKey = eq(quotas.keyId, keyUuid)
  if (change === null) {
    await transaction.delete(quotas).where(isOfKey)
    return
  }
  const [clock] = await transaction
    .select({ nowMs: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8` })
    .from(sql`(values (1)) as one`)
  const [row] = await transaction.select().from(quotas).where(isOfKey).for('update')
  const next = redefine(row === undefined ? null : toStoredQuota(row), change, clock!.nowMs)
  const columns = quotaRow(next)
  await transaction
    .insert(quotas)
    .values({ keyId: keyUuid, ...columns })
    .onConflictDoUpdate({
      target: quotas.keyId,
      set: { ...columns, ...(next.isAllottedAnew && { allotment: sql`gen_random_uuid()` }) },
    })
}

function quotaRow({ limit, period, timeZone, anchorDay, remaining, endsAtMs }: Redefined) {
  return {
    credits: limit,
    period: period satisfies QuotaPeriod,
    timeZone,
    anchorDay,
    remaining,
    endsAt: endsAtMs === null ? null : new Date(endsAtMs),
  }
}
