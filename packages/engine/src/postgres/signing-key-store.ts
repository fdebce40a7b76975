import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import type { SealedSigningKey } from '../signing-key.ts'
import type { SigningKeyStore } from '../signing-keys.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { signingKeys } from './schema.ts'

const DEADLINE_MS = 5_000

/** Signing keys in Postgres; the promises are in {@link SigningKeyStore}. */
export function createSigningKeyStore(database: Database, namespace: string): SigningKeyStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())
  const isOurs = eq(signingKeys.namespace, namespace)
  const lock = advisoryLockKey('signing keys', namespace)

  async function readFrom(from: DrizzleDatabase): Promise<SealedSigningKey[]> {
    const rows = await from
      .select()
      .from(signingKeys)
      .where(isOurs)
      .orderBy(asc(signingKeys.signsFrom), asc(signingKeys.kid))
    return rows.map(({ kid, signsFrom, sealed }) => ({ kid, signsFromMs: signsFrom.getTime(), sealed }))
  }

  return {
    read: () => answer(readFrom(drizzle)),

    change(decide) {
      return answer(
        drizzle.transaction(async (transaction) => {
          await transaction.execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`)
          const { add, remove } = decide(await readFrom(transaction))
          if (remove.length > 0) {
            await transaction.delete(signingKeys).where(and(isOurs, inArray(signingKeys.kid, [...remove])))
          }
          if (add !== null) {
            const { kid, signsFromMs, sealed } = add
            await transaction
              .insert(signingKeys)
              .values({ namespace, kid, signsFrom: new Date(signsFromMs), sealed })
          }
          return readFrom(transaction)
        }),
      )
    },
  }
}
