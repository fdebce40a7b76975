import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { pgSchema, text, timestamp } from 'drizzle-orm/pg-core'
import type { AppDatabase } from './app-database.ts'

/** Found from src/ and from dist/ alike. */
const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))
const migrations = readMigrationFiles({ migrationsFolder })
const known = new Set(migrations.map((migration) => migration.hash))

/** Any fixed number that nothing else in this database locks: the bytes of "crm". */
const migrationLock = 0x63726d

/** The journal of this app's migrations. It shares nothing with the journal of Latchkey's own tables. */
const api = pgSchema('api')
const applied = api.table('migrations', {
  hash: text('hash').primaryKey(),
  appliedAt: timestamp('applied_at', { withTimezone: true }).notNull().defaultNow(),
})

/**
 * Brings this app's tables to the state that this version of the code expects: all missing migrations in one
 * transaction, so that a process killed half-way leaves nothing behind. Starters that come at the same time wait
 * for each other and find the work done.
 *
 * Drizzle's own migrator is not used since it takes no lock and looks at the newest date alone.
 *
 * @throws if the database holds a migration that this version does not know: a newer version made it.
 */
export async function migrate(db: AppDatabase): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${migrationLock})`)
    await tx.execute(sql`create schema if not exists api`)
    await tx.execute(sql`create table if not exists api.migrations (
      hash text primary key,
      applied_at timestamptz not null default now()
    )`)

    const rows = await tx.select({ hash: applied.hash }).from(applied)
    const done = new Set(rows.map((row) => row.hash))
    if (rows.some((row) => !known.has(row.hash))) throw new NewerDatabase()

    for (const migration of migrations) {
      if (done.has(migration.hash)) continue
      for (const statement of migration.sql) await tx.execute(sql.raw(statement))
      await tx.insert(applied).values({ hash: migration.hash })
    }
  })
}

/** Whether the database has exactly the migrations of this version. */
export async function isMigrated(db: AppDatabase): Promise<boolean> {
  const rows = await db.select({ hash: applied.hash }).from(applied)
  return rows.length === known.size && rows.every((row) => known.has(row.hash))
}

export class NewerDatabase extends Error {
  constructor() {
    super(
      'The database was made by a newer version of this program. Start that version, or use another database.',
    )
  }
}
