import { and, eq, lt } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { verifications } from './tables.ts'
import { hashToken } from './token.ts'

/** Longer than an app's code is good for: its half minute, and one before and after it. */
const goodForMs = 2 * 60 * 1000

/**
 * Uses a code of an app up: false for one that was used before (RFC 6238), as by somebody who looked over the person's
 * shoulder. That it was right is found out elsewhere.
 */
export async function useCode(db: AppDatabase, userId: string, code: string): Promise<boolean> {
  const [now, expiresAt] = [new Date(), new Date(Date.now() + goodForMs)]
  const id = `used_code_${hashToken(`${userId} ${code}`)}`
  const used = await db
    .insert(verifications)
    .values({ id, identifier: 'used-code', value: userId, expiresAt })
    .onConflictDoUpdate({
      target: verifications.id,
      set: { expiresAt },
      setWhere: lt(verifications.expiresAt, now),
    })
    .returning({ id: verifications.id })
  const isOver = and(eq(verifications.identifier, 'used-code'), lt(verifications.expiresAt, now))
  await db.delete(verifications).where(isOver)
  return used.length > 0
}
