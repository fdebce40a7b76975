import { auditContext } from '../author.ts'
import { within } from '../deadline.ts'
import type { ImportOutcome, ImportStore, NewImport } from '../import-store.ts'
import { keyIdToUuid } from '../key-id.ts'
import { hashBytes } from '../secret.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { recordedAs } from './audit-store.ts'
import type { Database } from './database.ts'
import { keyColumns } from './store.ts'

const FIND_DEADLINE_MS = 2_000
const DEADLINE_MS = 5_000

/** The function takes something of the context, so that it is called after that was set. */
const IMPORT_KEYS = `with ${recordedAs(5)}, known as materialized (select $1 as namespace from context)
  select place, outcome from known
  cross join lateral latchkey.import_keys(namespace, $2::text::integer, $3::text::bigint, $4::text::jsonb)`

const FIND_SLOW_HASH = `select slow_hash from latchkey.imports where key_id = $1::text::uuid and slow_hash is not null`

/** Of the present secret, or of the one before it while that still works. */
const REHASH = `with present as (update latchkey.keys set hash = $3 where id = $1::text::uuid and hash = $2)
  update latchkey.retired_secrets set hash = $3 where key_id = $1::text::uuid and hash = $2`

/** A role that may not do it is warned by the server and otherwise ignored. */
const ANALYZE = 'analyze latchkey.keys, latchkey.owners, latchkey.imports'

/** Imported keys in Postgres; the promises are in {@link ImportStore}. */
export function createImportStore(database: Database, namespace: string): ImportStore {
  const answer = <T>(deadlineMs: number, work: Promise<T>) =>
    within(deadlineMs, work, () => database.reportOverdue())
  const importLock = advisoryLockKey('import', namespace)

  function toRecord(row: NewImport, place: number): Record<string, unknown> {
    const { owner, source, slowHash, disabledAt } = row
    return {
      place,
      owner,
      owner_lock: advisoryLockKey('owner', namespace, owner),
      source: `\\x${hashBytes(source).toString('hex')}`,
      slow_hash: slowHash,
      key: { ...keyColumns(row), disabled_at: disabledAt },
    }
  }

  return {
    async add(rows, { actor, maxKeys }) {
      const outcomes = await answer(
        DEADLINE_MS,
        database.query<{ place: number; outcome: ImportOutcome }>(IMPORT_KEYS, [
          namespace,
          String(maxKeys),
          importLock,
          JSON.stringify(rows.map(toRecord)),
          auditContext(actor, 'import'),
        ]),
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
      const parameters = [keyIdToUuid(id), hashBytes(from), hashBytes(to)]
      await answer(FIND_DEADLINE_MS, database.query(REHASH, parameters))
    },
  }
}
