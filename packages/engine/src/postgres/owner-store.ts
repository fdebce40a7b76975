import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { NO_SETTINGS } from '../owners.ts'
import type { OwnerStore } from '../store.ts'
import { recordAs } from './audit-store.ts'
import { findUnconfirmed } from './change-log.ts'
import type { Database } from './database.ts'
import { owners } from './schema.ts'

const DEADLINE_MS = 5_000

/** What holds for owners, in Postgres; the promises are in {@link OwnerStore}. */
export function createOwnerStore(database: Database, namespace: string): OwnerStore {
  const { drizzle } = database
  const isOwner = (owner: string) => and(eq(owners.namespace, namespace), eq(owners.owner, owner))
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async find(owner) {
      const [row] = await answer(
        drizzle
          .select({
            scopes: owners.scopes,
            expiryPolicy: owners.expiryPolicy,
            issuePolicy: owners.issuePolicy,
            since: owners.suspendedAt,
            reason: owners.suspensionReason,
          })
          .from(owners)
          .where(isOwner(owner)),
      )
      if (row === undefined) return NO_SETTINGS
      const { since, reason, ...settings } = row
      return { ...settings, suspension: since && { since, reason: reason ?? '' } }
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

    async suspend(owner, { since, reason }, actor) {
      const columns = { suspendedAt: since, suspensionReason: reason }
      return answer(
        drizzle.transaction(async (transaction) => {
          await recordAs(transaction, actor)
          const [suspended] = await transaction
            .insert(owners)
            .values({ namespace, owner, ...columns })
            .onConflictDoUpdate({
              target: [owners.namespace, owners.owner],
              set: columns,
              setWhere: isNull(owners.suspendedAt),
            })
            .returning({ id: owners.id })
          return suspended ? { unconfirmed: await findUnconfirmed(transaction, namespace) } : null
        }),
      )
    },

    async liftSuspension(owner, actor) {
      await answer(
        drizzle.transaction(async (transaction) => {
          await recordAs(transaction, actor)
          await transaction
            .update(owners)
            .set({ suspendedAt: null, suspensionReason: null })
            .where(and(isOwner(owner), isNotNull(owners.suspendedAt)))
        }),
      )
    },
  }
}
