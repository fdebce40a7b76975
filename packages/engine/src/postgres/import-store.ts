import { eq, inArray, sql } from 'drizzle-orm'
import { auditContext, type Author } from '../author.ts'
import { within } from '../deadline.ts'
import type { ImportOutcome, ImportStore, NewImport } from '../import-store.ts'
import { keyIdToUuid } from '../key-id.ts'
import { NO_PEPPERS, type Peppers, type StoredHash } from '../peppers.ts'
import { hashBytes, hashFromBytes } from '../secret.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { recordAs, recordedAs } from './audit-store.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { hashList } from './key-facts.ts'
import { keys, owners } from './schema.ts'
import { keyColumns } from './store.ts'

const FIND_DEADLINE_MS = 2_000
const DEADLINE_MS = 5_000

/** The function takes something of the context, so that it is called after that was set. */
const IMPORT_KEYS = `with ${recordedAs(5)}, known as materialized (select $1 as namespace from context)
  select place, outcome from known
  cross join lateral latchkey.import_keys(namespace, $2::text::integer, $3::text::bigint, $4::text::jsonb)`

const FIND_SLOW_HASH = `select slow_hash from latchkey.imports where key_id = $1::text::uuid and slow_hash is not null`

/** Of the present secret, or of the one before it while that still works. */
const REHASH = `with present as (
    update latchkey.keys set hash = $3, pepper = $4 where id = $1::text::uuid and hash = any($2::text::bytea[])
  )
  update latchkey.retired_secrets set hash = $3, pepper = $4
  where key_id = $1::text::uuid and hash = any($2::text::bytea[])`

/** A role that may not do it is warned by the server and otherwise ignored. */
const ANALYZE = 'analyze latchkey.keys, latchkey.owners, latchkey.imports'

/** What became of the row at a place. */
interface Outcome {
  place: number
  outcome: ImportOutcome
}

/** Imported keys in Postgres; the promises are in {@link ImportStore}. */
export function createImportStore(
  database: Database,
  namespace: string,
  peppers: Peppers = NO_PEPPERS,
): ImportStore {
  const answer = <T>(deadlineMs: number, work: Promise<T>) =>
    within(deadlineMs, work, () => database.reportOverdue())
  const importLock = advisoryLockKey('import', namespace)

  /** The hash of how a text begins is no secret, and it stays what it is until the key is used. */
  const storedAs = ({ hash, slowHash }: NewImport): StoredHash =>
    slowHash === null ? peppers.toStore(hash) : { hash, pepper: null }

  function toRecord(row: NewImport, place: number): Record<string, unknown> {
    const { owner, source, slowHash, disabledAt } = row
    return {
      place,
      owner,
      owner_lock: advisoryLockKey('owner', namespace, owner),
      source: `\\x${hashBytes(source).toString('hex')}`,
      slow_hash: slowHash,
      key: { ...keyColumns({ ...row, ...storedAs(row) }), disabled_at: disabledAt },
    }
  }

  /** Which of the rows are keys already, stored under what new keys are not stored under any more. */
  async function findStored(transaction: DrizzleDatabase, rows: readonly NewImport[]) {
    const places = new Map<string, number>()
    for (const [place, { hash, slowHash }] of rows.entries()) {
      if (slowHash !== null) continue
      for (const other of peppers.possible(hash).slice(1)) places.set(other.hash, place)
    }
    if (places.size === 0) return []
    const found = await transaction
      .select({ hash: keys.hash, namespace: owners.namespace })
      .from(keys)
      .innerJoin(owners, eq(owners.id, keys.ownerId))
      .where(sql`${keys.hash} = any(${hashList([...places.keys()])}::text::bytea[])`)
    return found.map((one) => ({
      place: places.get(hashFromBytes(one.hash))!,
      outcome: one.namespace === namespace ? ('known' as const) : ('elsewhere' as const),
    }))
  }

  /** In one transaction: a hash under a pepper that is not named would be lost. */
  function addUnderPeppers(rows: readonly NewImport[], actor: Author, maxKeys: number): Promise<Outcome[]> {
    return database.drizzle.transaction(async (transaction) => {
      await recordAs(transaction, actor, 'import')
      const stored = await findStored(transaction, rows)
      const places = new Set(stored.map(({ place }) => place))
      const records = rows.map(toRecord).filter((_, place) => !places.has(place))
      const outcomes = await transaction
        .select({ place: sql<number>`place`, outcome: sql<ImportOutcome>`outcome` })
        .from(
          sql`latchkey.import_keys(${namespace}, ${String(maxKeys)}::text::integer, ${importLock}::text::bigint,
            ${JSON.stringify(records)}::text::jsonb)`,
        )
      const added = outcomes
        .filter(({ outcome, place }) => outcome === 'added' && rows[place]!.slowHash === null)
        .map(({ place }) => keyIdToUuid(rows[place]!.id)!)
      if (added.length > 0) {
        await transaction.update(keys).set({ pepper: peppers.current }).where(inArray(keys.id, added))
      }
      return [...stored, ...outcomes]
    })
  }

  return {
    async add(rows, { actor, maxKeys }) {
      const outcomes = await answer(
        DEADLINE_MS,
        peppers.names.length === 0
          ? database.query<Outcome>(IMPORT_KEYS, [
              namespace,
              String(maxKeys),
              importLock,
              JSON.stringify(rows.map(toRecord)),
              auditContext(actor, 'import'),
            ])
          : addUnderPeppers(rows, actor, maxKeys),
      )
      const byPlace = new Map(outcomes.map(({ place, outcome }) => [place, outcome]))
      return rows.map((_, place) => byPlace.get(place)!)
    },

    async refreshStatistics() {
      await answer(DEADLINE_MS, database.query(ANALYZE, []))
    },

    async findSlowHash(id) {
      const [row] = await answer(
        FIND_DEADLINE_MS,
        database.query<{ slow_hash: string }>(FIND_SLOW_HASH, [keyIdToUuid(id)]),
      )
      return row?.slow_hash ?? null
    },

    async rehash(id, { from, to }) {
      const { hash, pepper } = peppers.toStore(to)
      const possible = hashList(peppers.possible(from).map((one) => one.hash))
      const parameters = [keyIdToUuid(id), possible, hashBytes(hash), pepper]
      await answer(FIND_DEADLINE_MS, database.query(REHASH, parameters))
    },
  }
}
