import { and, eq, inArray, isNotNull, isNull, lte, or, sql } from 'drizzle-orm'
import type { Author } from '../author.ts'
import { within } from '../deadline.ts'
import { recordAs } from './audit-store.ts'
import type { Database } from './database.ts'
import { keys, lastUsed, owners, retiredSecrets } from './schema.ts'

const DEADLINE_MS = 5_000
/** Few enough to be told to the nodes one by one, and to be gone in a moment. */
const PURGE_SIZE = 500

/** Nobody asks for it: time has passed. */
const LATCHKEY: Author = { id: 'latchkey', name: null, type: 'system' }

/** Where revoked keys are kept until nobody wants to know of them any more. */
export interface TombstoneStore {
  /**
   * Deletes some hundreds of the keys that were revoked before a moment, the oldest first, with what is known of their secrets
   * and of their uses. What they were used is told by the counts of their owner until those are deleted.
   *
   * @returns whether there is more to delete.
   */
  purge(revokedBefore: Date, now: Date): Promise<boolean>
}

/** The revoked keys of one namespace, in Postgres. */
export function createTombstoneStore(database: Database, namespace: string): TombstoneStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  const ownerIds = drizzle.select({ id: owners.id }).from(owners).where(eq(owners.namespace, namespace))

  return {
    purge(revokedBefore, now) {
      return answer(
        drizzle.transaction(async (transaction) => {
          // Leaves to other nodes what they are deleting, and to whoever restores a key what they restore.
          const old = await transaction
            .select({ id: keys.id })
            .from(keys)
            .where(
              and(
                inArray(keys.ownerId, ownerIds),
                isNotNull(keys.revokedAt),
                lte(keys.revokedAt, revokedBefore),
                or(isNull(keys.restorableUntil), lte(keys.restorableUntil, now)),
              ),
            )
            .orderBy(keys.revokedAt)
            .limit(PURGE_SIZE)
            .for('update', { skipLocked: true })
          if (old.length === 0) return false
          const ids = old.map(({ id }) => id)
          await recordAs(transaction, LATCHKEY)
          // By themselves and first: once their keys are gone, nobody knows which nodes to tell of them.
          const retired = await transaction
            .delete(retiredSecrets)
            .where(inArray(retiredSecrets.keyId, ids))
            .returning({ id: retiredSecrets.id })
          const used = [...old, ...retired].map(({ id }) => id)
          await transaction.delete(lastUsed).where(inArray(lastUsed.keyId, used))
          await transaction.execute(sql`
            update latchkey.imports set slow_hash = null
            where slow_hash is not null and key_id in (${sql.join(
              ids.map((id) => sql`${id}::uuid`),
              sql`, `,
            )})`)
          await transaction.delete(keys).where(inArray(keys.id, ids))
          return old.length === PURGE_SIZE
        }),
      )
    },
  }
}
