import { and, eq } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { NO_SETTINGS } from '../owners.ts'
import type { OwnerStore } from '../store.ts'
import { recordAs } from './audit-store.ts'
import type { Database } from './database.ts'
import { owners } from './schema.ts'

const DEADLINE_MS = 5_000

/** What holds for owners, in Postgres; the promises are in {@link OwnerStore}. */
export function createOwnerStore(database: Database, namespace: string): OwnerStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async find(owner) {
      const [row] = await answer(
        drizzle
          .select({
            scopes: owners.scopes,
            expiryPolicy: owners.expiryPolicy,
            issuePolicy: owners.issuePolicy,
          })
          .from(owners)
          .where(and(eq(owners.namespace, namespace), eq(owners.owner, owner))),
      )
      return row ?? NO_SETTINGS
    },

    async change(owner, settings, actor) {
      await answer(
        drizzle.transaction(async (transaction) => {
          await recordAs(transaction, actor)
          await transaction
            .insert(owners)
            .values({ namespace, owner, ...settings })
            .onConflictDoUpdate({ target: [owners.namespace, owners.owner], set: settings })
        }),
      )
    },
  }
}
