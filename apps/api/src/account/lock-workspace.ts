import { eq } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { workspaces } from './tables.ts'

/**
 * Changes the people of one workspace one after another, whichever process does it: two owners that each made the
 * other less would otherwise leave it without any.
 */
export function whileWorkspaceIsLocked<T>(
  db: AppDatabase,
  workspaceId: string,
  work: (tx: AppDatabase) => Promise<T>,
): Promise<T> {
  return db.transaction(async (tx) => {
    await tx
      .select({ id: workspaces.id })
      .from(workspaces)
      .where(eq(workspaces.id, workspaceId))
      .for('update')
    return work(tx)
  })
}
