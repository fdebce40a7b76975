import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzleOnPglite } from 'drizzle-orm/pglite'
import { lockFolder } from './folder-lock.ts'
import { openServer } from './server.ts'

/** A Drizzle database on any driver, or a transaction of one. */
export type DrizzleDatabase = PgDatabase<PgQueryResultHKT, Record<string, unknown>>

/** What a statement is given, in forms that every driver takes. */
export type Parameter = string | Uint8Array | null

/** An open database: a Postgres server, or Postgres inside this process. */
export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /**
   * For a host's own tables in the same database. On a server, a statement may take four seconds; through a
   * pooler, as long as the server allows.
   */
  readonly drizzle: DrizzleDatabase
  /** Runs one statement, prepared once a connection: for what Drizzle would take longer to write than to ask. */
  query<Row>(text: string, parameters: readonly Parameter[]): Promise<Row[]>
  /**
   * Hears what is sent to a channel, on a connection of its own. Null where connections come from a pooler that
   * lends them for one transaction: nothing can be heard there.
   */
  readonly listen: ((channel: string, onMessage: (payload: string) => void) => Promise<Listening>) | null
  /** To be told when an answer is overdue, so that dead connections are replaced. */
  reportOverdue(): void
  /** Ends every connection, and gives the folder back. */
  close(): Promise<void>
}

/** A connection that hears a channel, until it ends or breaks; it is not replaced by itself. */
export interface Listening {
  /** Resolves when it hears no more, for whatever reason. */
  readonly ended: Promise<void>
  /** Resolves when the other end answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

const DEFAULT_FOLDER = './.latchkey'
/**
 * Opens a database.
 *
 * @param target a `postgres://` or `postgresql://` URL; or a folder, in which Postgres then runs inside this
 * process (`./.latchkey` when left out); or `memory:` for one that is gone when it is closed. A URL of PgBouncer, or
 * of another pooler that lends connections for one transaction, says so by the parameter `pgbouncer=true`.
 * @throws StoreUnavailable within seconds when the server cannot be reached.
 * @throws Error, one sentence, when another process uses the folder or its files do not open.
 *
 * @example
 * const database = await openDatabase(process.env.DATABASE_URL)
 */
export async function openDatabase(target: string = DEFAULT_FOLDER): Promise<Database> {
  if (/^postgres(ql)?:\/\//.test(target)) return openServer(target)
  if (target === 'memory:') return openPglite(await PGlite.create())
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(target)) {
    throw new Error('A database is a postgres:// URL, a folder, or "memory:".')
  }
  return openFolder(resolve(target))
}

/** Postgres' files live in a folder below, so that a host can keep other things beside them. */
async function openFolder(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder)
  const files = join(folder, 'database')
  try {
    await mkdir(files, { recursive: true, mode: 0o700 })
    // Postgres writes files that everyone may read, so nobody else may come near them, even in a folder of the host's.
    await chmod(files, 0o700)
    return openPglite(await openFiles(files), unlock)
  } catch (error) {
    await unlock()
    throw error
  }
}

/** PGlite itself says only that it "failed to initialize properly". */
async function openFiles(files: string): Promise<PGlite> {
  try {
    return await PGlite.create(files)
  } catch (cause) {
    const reason = 'its files are damaged, or another version of Postgres made them'
    throw new Error(`The database in ${files} does not open: ${reason}.`, { cause })
  }
}

function openPglite(client: PGlite, afterClose?: () => Promise<void>): Database {
  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    await client.close()
    await afterClose?.()
  }

  return {
    kind: 'pglite',
    drizzle: drizzleOnPglite(client),
    query: async <Row>(text: string, parameters: readonly Parameter[]) =>
      (await client.query<Row>(text, [...parameters])).rows,
    async listen(channel, onMessage) {
      const unlisten = await client.listen(channel, onMessage)
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      return {
        ended,
        ping: () => Promise.resolve(),
        async close() {
          resolve()
          if (!client.closed) await unlisten()
        },
      }
    },
    reportOverdue: () => undefined,
    close: () => (closing ??= close()),
  }
}
