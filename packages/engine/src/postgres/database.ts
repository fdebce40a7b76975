import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzleOnPglite } from 'drizzle-orm/pglite'
import { drizzle as drizzleOnPostgres } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { within } from '../deadline.ts'
import { StoreUnavailable } from '../store-unavailable.ts'
import { lockFolder } from './folder-lock.ts'
import { createSockets } from './sockets.ts'

/** A Drizzle database on any driver, or a transaction of one. */
export type DrizzleDatabase = PgDatabase<PgQueryResultHKT, Record<string, unknown>>

/** An open database: a Postgres server, or Postgres inside this process. */
export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /** For a host's own tables in the same database. On a server, a statement may take four seconds. */
  readonly drizzle: DrizzleDatabase
  /**
   * Calls `onMessage` with each payload sent to the channel, and `onListening` each time listening begins: once
   * now, and again after every broken connection, when messages may have been missed.
   *
   * @returns stops listening.
   */
  listen(
    channel: string,
    onMessage: (payload: string) => void,
    onListening: () => void,
  ): Promise<() => Promise<void>>
  /** To be told when an answer is overdue, so that dead connections are replaced. */
  reportOverdue(): void
  /** Ends every connection, and gives the folder back. */
  close(): Promise<void>
}

const DEFAULT_FOLDER = './.latchkey'
const CONNECT_TIMEOUT_SECONDS = 5
const CLOSE_TIMEOUT_SECONDS = 3
const UNLISTEN_DEADLINE_MS = 1_000
/** An idle connection is asked this often whether the other end is still there. */
const KEEP_ALIVE_SECONDS = 10
/** Shorter than any wait for an answer, so that a statement nobody waits for ends as well. */
const STATEMENT_TIMEOUT_MS = 4_000

/**
 * Opens a database.
 *
 * @param target a `postgres://` or `postgresql://` URL; or a folder, in which Postgres then runs inside this
 * process (`./.latchkey` when left out); or `memory:` for one that is gone when it is closed.
 * @throws StoreUnavailable within seconds when the server cannot be reached.
 * @throws Error, one sentence, when another process uses the folder or its files do not open.
 *
 * @example
 * const database = await openDatabase(process.env.DATABASE_URL)
 */
export async function openDatabase(target: string = DEFAULT_FOLDER): Promise<Database> {
  if (/^postgres(ql)?:\/\//.test(target)) return openPostgres(target)
  if (target === 'memory:') return openPglite(await PGlite.create())
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(target)) {
    throw new Error('A database is a postgres:// URL, a folder, or "memory:".')
  }
  return openFolder(resolve(target))
}

async function openPostgres(url: string): Promise<Database> {
  const sockets = createSockets()
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    keep_alive: KEEP_ALIVE_SECONDS,
    backoff: secondsBeforeReconnect,
    // Documented, but missing from its types.
    socket: sockets.connect,
    onnotice: () => undefined,
    connection: {
      application_name: 'latchkey',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: 10_000,
    },
  }
  const client = postgres(url, options)
  try {
    await client`select 1`
  } catch (error) {
    await client.end({ timeout: 0 })
    const { host, port, database } = client.options
    const place = `${host.join(',')}:${port.join(',')}`
    throw StoreUnavailable.from(error, `Cannot open the database "${database}" at ${place}`)
  }
  return {
    kind: 'postgres',
    drizzle: drizzleOnPostgres(client),
    async listen(channel, onMessage, onListening) {
      const subscription = await client.listen(channel, onMessage, onListening)
      return () => within(UNLISTEN_DEADLINE_MS, subscription.unlisten()).catch(() => undefined)
    },
    reportOverdue: sockets.closeSilent,
    close: () => client.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  }
}

/** Never long, so that a server that is back is found soon; not all at once, so that it survives that. */
function secondsBeforeReconnect(attempt: number): number {
  return (0.5 + Math.random() / 2) * Math.min(0.05 * 2 ** attempt, 1)
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
    async listen(channel, onMessage, onListening) {
      const unlisten = await client.listen(channel, onMessage)
      onListening()
      return unlisten
    },
    reportOverdue: () => undefined,
    close: () => (closing ??= close()),
  }
}
