import { and, count, eq, isNotNull, or } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { credentials, passkeys, users } from './tables.ts'

/** Whether a person can sign in by a password. */
export async function hasPassword(db: AppDatabase, userId: string): Promise<boolean> {
  const own = and(eq(credentials.userId, userId), isNotNull(credentials.password))
  return (await db.select({ id: credentials.id }).from(credentials).where(own)).length > 0
}

/**
 * In how many ways a person can sign in: a password, the provider of this issuer, each passkey. Nobody else changes that until `tx`
 * is over. A provider that was set up once and is no longer lets nobody in.
 */
export async function countWaysIn(tx: AppDatabase, userId: string, issuer: string | null): Promise<number> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update')
  const usable = or(
    isNotNull(credentials.password),
    issuer === null ? undefined : eq(credentials.providerId, issuer),
  )
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
