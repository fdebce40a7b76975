import { and, eq, or, sql, type SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { within } from '../deadline.ts'
import type { OwnerStore } from '../store.ts'
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
          .select({ scopes: owners.scopes, expiryPolicy: owners.expiryPolicy })
          .from(owners)
          .where(and(eq(owners.namespace, namespace), eq(owners.owner, owner))),
      )
      return row ?? { scopes: null, expiryPolicy: null }
    },

    async change(owner, settings) {
      const isOwner = and(eq(owners.namespace, namespace), eq(owners.owner, owner))
      // Nothing is told to the nodes that is so already.
      const isNews = or(
        'scopes' in settings ? isNot(owners.scopes, settings.scopes) : undefined,
        'expiryPolicy' in settings ? isNot(owners.expiryPolicy, settings.expiryPolicy) : undefined,
      )
      const changed = await answer(
        drizzle.update(owners).set(settings).where(and(isOwner, isNews)).returning({ id: owners.id }),
      )
      if (changed.length > 0) return true
      const [known] = await answer(drizzle.select({ id: owners.id }).from(owners).where(isOwner))
      if (known !== undefined) return false
      // Not at once: an insert that meets a conflict uses up a number all the same.
      await answer(
        drizzle
          .insert(owners)
          .values({ namespace, owner, ...settings })
          .onConflictDoUpdate({ target: [owners.namespace, owners.owner], set: settings }),
      )
      return true
    },
  }
}

function isNot(column: AnyPgColumn, value: unknown): SQL {
  return sql`${column} is distinct from ${sql.param(value, column)}`
}
