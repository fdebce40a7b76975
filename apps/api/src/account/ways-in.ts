import { and, count, eq, isNotNull, ne, or } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { credentials, passkeys, users } from './tables.ts'

/** In how many ways a person can sign in: a password, each provider, each passkey. Nobody else changes that until `tx` is over. */
export async function countWaysIn(tx: AppDatabase, userId: string): Promise<number> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update')
  const usable = or(ne(credentials.providerId, 'credential'), isNotNull(credentials.password))
  const [others] = await tx
    .select({ count: count() })
    .from(credentials)
    .where(and(eq(credentials.userId, userId), usable))
  return others!.count + (await countPasskeys(tx, userId))
}

export async function countPasskeys(db: AppDatabase, userId: string): Promise<number> {
  const [found] = await db.select({ count: count() }).from(passkeys).where(eq(passkeys.userId, userId))
  return found!.count
}
