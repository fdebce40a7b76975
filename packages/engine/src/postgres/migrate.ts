import { setTimeout } from 'node:timers/promises'
import { sql, type SQL } from 'drizzle-orm'
import { integer, text, timestamp } from 'drizzle-orm/pg-core'
import { StoreUnavailable } from '../store-unavailable.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { migrations as allMigrations } from './migrations/index.ts'
import { latchkeySchema } from './schema.ts'

/** One forward step of the schema. Each statement runs by itself; all of them in one transaction. */
export interface Migration {
  version: number
  name: string
  statements: readonly SQL[]
}

/** Latchkey's own journal. A host's journal is neither read nor written. */
const journal = latchkeySchema.table('migrations', {
  version: integer('version').primaryKey(),
  name: text('name').notNull(),
  appliedAt: timestamp('applied_at', { withTimezone: true }).notNull().defaultNow(),
})

/** Any number, as long as every Latchkey uses the same: "latchkey" in ASCII. */
const MIGRATION_LOCK = '7809651199139603833'
/** Asked for again and again, not waited for in the database, where no answer for long means a dead connection. */
const LOCK_POLL_MS = 100
const LOCK_WAIT_MS = 60_000

/**
 * Brings the database's `latchkey` schema up to date. Safe to call from any number of processes at once: one
 * works, the others wait and find nothing left to do. A process that dies midway leaves nothing behind.
 *
 * @throws Error when the schema is newer than this version of Latchkey knows.
 * @throws StoreUnavailable when the database does not do its part.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  const latest = migrations.at(-1)?.version ?? 0
  const giveUpAt = performance.now() + LOCK_WAIT_MS
  for (;;) {
    const version = await guarded(() =>
      database.drizzle.transaction((transaction) => migrateAlone(transaction, migrations)),
    )
    if (version !== 'busy') return refuseNewer(version ?? 0, latest)
    if (performance.now() > giveUpAt) {
      throw new Error(
        'Another process has been migrating the schema "latchkey" for a minute; try again later.',
      )
    }
    await setTimeout(LOCK_POLL_MS)
  }
}

/**
 * Checks that {@link migrate} has nothing left to do, without changing anything.
 *
 * @throws Error with a sentence that says what to do when the schema is missing, older or newer.
 */
export async function assertMigrated(
  database: Database,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  const latest = migrations.at(-1)?.version ?? 0
  const applied = (await guarded(() => appliedVersions(database.drizzle))) ?? []
  const version = newest(applied)
  refuseNewer(version, latest)
  const missing = migrations.map(({ version }) => version).filter((one) => !applied.includes(one))
  if (missing.length > 0) {
    const skipped = missing.filter((one) => one < version)
    const without = skipped.length === 0 ? '' : ` without ${skipped.join(', ')}`
    throw new Error(
      `The database's "latchkey" schema is at version ${version}${without}, but this version of Latchkey needs ${latest}. ` +
        'Call migrate(database) first, or leave the option "migrate" on.',
    )
  }
}

/** How far a database's schema is. */
export interface MigrationStatus {
  /** Of the newest migration that was applied; 0 where there is none. */
  version: number
  /** Of the newest migration that this version of Latchkey has. */
  latest: number
  /** What {@link migrate} would apply. */
  pending: Pick<Migration, 'version' | 'name'>[]
}

/**
 * Tells how far a database's schema is, without changing anything.
 *
 * @throws StoreUnavailable when the database does not answer.
 */
export async function migrationStatus(
  database: Database,
  migrations: readonly Migration[] = allMigrations,
): Promise<MigrationStatus> {
  const applied = (await guarded(() => appliedVersions(database.drizzle))) ?? []
  return {
    version: newest(applied),
    latest: migrations.at(-1)?.version ?? 0,
    pending: migrations
      .filter(({ version }) => !applied.includes(version))
      .map(({ version, name }) => ({ version, name })),
  }
}

/** @returns the version found; what is newer has been applied. */
async function migrateAlone(
  transaction: DrizzleDatabase,
  migrations: readonly Migration[],
): Promise<number | null | 'busy'> {
  const [lock] = await transaction
    .select({ isMine: sql<boolean>`pg_try_advisory_xact_lock(${MIGRATION_LOCK}::bigint)` })
    .from(sql`(values (1)) as one`)
  if (lock?.isMine !== true) return 'busy'
  const applied = await appliedVersions(transaction)
  if (applied === null) await createJournal(transaction)
  // Also one that came to the list later than others with higher numbers.
  for (const migration of migrations) {
    if (!applied?.includes(migration.version)) await apply(transaction, migration)
  }
  return applied && newest(applied)
}

async function apply(transaction: DrizzleDatabase, { version, name, statements }: Migration): Promise<void> {
  for (const statement of statements) await transaction.execute(statement)
  await transaction.insert(journal).values({ version, name })
}

/** Asks for the journal before it creates anything: `create schema if not exists` needs rights even when it exists. */
async function createJournal(transaction: DrizzleDatabase): Promise<void> {
  await transaction.execute(sql`create schema if not exists latchkey`)
  await transaction.execute(sql`create table latchkey.migrations (
    version integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
  )`)
}

/** The versions that were applied; null when there is no journal yet. */
async function appliedVersions(drizzle: DrizzleDatabase): Promise<number[] | null> {
  const [table] = await drizzle
    .select({ exists: sql<boolean>`to_regclass('latchkey.migrations') is not null` })
    .from(sql`(values (1)) as one`)
  if (table?.exists !== true) return null
  const rows = await drizzle.select({ version: journal.version }).from(journal)
  return rows.map(({ version }) => version)
}

function newest(versions: readonly number[]): number {
  return Math.max(0, ...versions)
}

function refuseNewer(version: number, latest: number): void {
  if (version <= latest) return
  throw new Error(
    `The database's "latchkey" schema is at version ${version}, but this version of Latchkey knows only ${latest}. ` +
      'A newer Latchkey has migrated it: upgrade @latchkey/engine (and @latchkey/fastify) here as well.',
  )
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw StoreUnavailable.from(error, 'Cannot bring the schema "latchkey" up to date')
  }
}
