import { and, count, eq, inArray, isNotNull, isNull } from 'drizzle-orm'
import { within } from '../deadline.ts'
import type { DirectoryStore, OwnerSummary, StoredClue } from '../directory.ts'
import type { Database } from './database.ts'
import { hashList } from './key-facts.ts'
import { selectKeys, toApiKey } from './key-row.ts'
import { keys, owners } from './schema.ts'

const DEADLINE_MS = 5_000
const MAX_FOUND = 50

/** Newest first; ids tell when they were made. $1 is the namespace, $2 what is known of the key. */
const found = (...ways: readonly string[]) => `
  select keys.id::text, owner from (${ways.join(' union ')}) as known (id)
  join latchkey.keys on keys.id = known.id join latchkey.owners on owners.id = keys.owner_id
  where namespace = $1 order by keys.id desc limit ${MAX_FOUND}`

const WANTED = `unnest($2::text::bytea[]) as wanted (hash)`

/** How keys are found across owners; each by an index. */
export const FIND_BY: Readonly<Record<StoredClue['by'], string>> = {
  id: found('select $2::text::uuid'),
  start: found(
    'select id from latchkey.keys where start = $2',
    'select key_id from latchkey.retired_secrets where start = $2',
  ),
  hash: found(
    `select id from ${WANTED} join latchkey.keys on keys.hash = wanted.hash`,
    `select key_id from ${WANTED} join latchkey.retired_secrets as retired on retired.hash = wanted.hash`,
  ),
}

/** Keys of all owners in Postgres; the promises are in {@link DirectoryStore}. */
export function createDirectoryStore(database: Database, namespace: string): DirectoryStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async find(clue) {
      const value = clue.by === 'hash' ? hashList(clue.hashes) : clue.value
      const known = await answer(
        database.query<{ id: string; owner: string }>(FIND_BY[clue.by], [namespace, value]),
      )
      if (known.length === 0) return []
      const ids = known.map(({ id }) => id)
      const rows = await answer(selectKeys(drizzle).where(inArray(keys.id, ids)))
      const byId = new Map(rows.map((row) => [row.key.id, row]))
      return known.flatMap(({ id, owner }) => {
        const row = byId.get(id)
        return row === undefined ? [] : [toApiKey(row, { namespace, owner })]
      })
    },

    async owners(names) {
      if (names.length === 0) return new Map()
      const rows = await answer(
        drizzle
          .select({
            owner: owners.owner,
            since: owners.suspendedAt,
            reason: owners.suspensionReason,
            keys: count(keys.id),
          })
          .from(owners)
          .leftJoin(keys, and(eq(keys.ownerId, owners.id), isNull(keys.revokedAt)))
          .where(and(eq(owners.namespace, namespace), inArray(owners.owner, [...names])))
          .groupBy(owners.id),
      )
      return new Map(
        rows.map(({ owner, since, reason, keys }): [string, OwnerSummary] => [
          owner,
          { keys, suspension: since && { since, reason: reason ?? '' } },
        ]),
      )
    },

    async suspended() {
      const rows = await answer(
        drizzle
          .select({ owner: owners.owner })
          .from(owners)
          .where(and(eq(owners.namespace, namespace), isNotNull(owners.suspendedAt)))
          .orderBy(owners.owner),
      )
      return rows.map(({ owner }) => owner)
    },
  }
}
