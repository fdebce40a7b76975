import { sql, type SQL } from 'drizzle-orm'
import { keyIdFromUuid, keyIdToUuid } from '../key-id.ts'
import type { UsedKeys } from '../usage-of-keys.ts'
import type { UsageRange } from '../usage-query.ts'
import type { Resolution } from '../usage-retention.ts'
import type { DrizzleDatabase } from './database.ts'
import type { Owner } from './key-row.ts'

/** By which the table calls them. */
export const LETTERS: Readonly<Record<Resolution, string>> = { minute: 'm', quarterHour: 'q', day: 'd' }

/** What is stored about a range. */
export interface StoredCounts {
  /** Counts of the range's resolution before this moment may have been deleted. Milliseconds since 1970. */
  readonly deletedBeforeMs: number
  /** Which bucket of the range, from 0; which outcome; how many. */
  readonly counts: readonly (readonly [bucket: number, outcome: string, count: number])[]
}

/** What is stored about a range of several keys. */
export interface StoredKeyCounts extends Pick<StoredCounts, 'deletedBeforeMs'> {
  readonly keys: readonly { id: string; name: string; counts: StoredCounts['counts'] }[]
}

/** Counts from before this moment may be gone. */
export function deletedBefore(namespace: string, { resolution }: UsageRange): SQL<number | null> {
  return sql`(
    select (extract(epoch from since) * 1000)::float8 from latchkey.usage_kept
    where namespace = ${namespace} and resolution = ${LETTERS[resolution]}::"char")`
}

/** The rows of a range. */
function isIn(namespace: string, { resolution, starts, endMs }: UsageRange): SQL {
  return sql`resolution = ${LETTERS[resolution]}::"char" and usage.namespace = ${namespace}
    and bucket >= ${moment(starts[0]!)}::timestamptz and bucket < ${moment(endMs)}::timestamptz`
}

/** Selects what a subject was used, as {@link StoredCounts} has it. */
export function countsOf(namespace: string, subject: SQL, range: UsageRange): SQL {
  return sql`
    select json_agg(json_build_array(bucket, outcome, count)) from (
      select width_bucket(bucket, ${list(range.starts.map(moment))}::timestamptz[]) - 1 as bucket,
        outcome, sum(count) as count
      from latchkey.usage
      where subject = ${subject} and ${isIn(namespace, range)}
      group by 1, 2
    ) as buckets`
}

/** One statement, so that what it sees of counts and of their deletion is of one moment. */
export async function readKeys(
  drizzle: DrizzleDatabase,
  { namespace, owner }: Owner,
  wanted: UsedKeys,
  range: UsageRange,
): Promise<StoredKeyCounts> {
  const ownerId = sql`select id from latchkey.owners where namespace = ${namespace} and owner = ${owner}`
  const busiest = (limit: number) => sql`
    select subject, row_number() over (order by sum(count) desc, subject) as place
    from latchkey.usage join latchkey.keys on keys.id = subject
    where keys.owner_id = (${ownerId}) and ${isIn(namespace, range)}
    group by subject order by place limit ${limit}::int`
  const picked = 'ids' in wanted ? named(wanted.ids) : busiest(wanted.busiest)
  const [found] = await drizzle
    .select({
      deletedBeforeMs: deletedBefore(namespace, range),
      keys: sql<{ uuid: string; name: string; counts: StoredCounts['counts'] | null }[] | null>`(
        select json_agg(
          json_build_object(
            'uuid', keys.id, 'name', keys.name, 'counts', (${countsOf(namespace, sql`keys.id`, range)})
          ) order by place
        )
        from (${picked}) as picked (id, place)
        join latchkey.keys on keys.id = picked.id and keys.owner_id = (${ownerId}))`,
    })
    .from(sql`(values (1)) as one`)
  return {
    deletedBeforeMs: found?.deletedBeforeMs ?? 0,
    keys: (found?.keys ?? []).map(({ uuid, name, counts }) => ({
      id: keyIdFromUuid(uuid),
      name,
      counts: counts ?? [],
    })),
  }
}

/** Those of the ids that may be one. */
function named(ids: readonly string[]): SQL {
  const uuids = ids.map(keyIdToUuid).filter((uuid) => uuid !== null)
  return sql`select * from unnest(${list(uuids)}::uuid[]) with ordinality`
}

/** An array as Postgres writes it. None of the values needs quotes. */
export function list(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`
}

export const moment = (ms: number) => new Date(ms).toISOString()
