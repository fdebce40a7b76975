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
import { createPool } from './pool.ts'
import { createSockets } from './sockets.ts'

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
const CONNECT_TIMEOUT_SECONDS = 5
const CLOSE_TIMEOUT_SECONDS = 3
const LISTEN_DEADLINE_MS = 6_000
const STOP_LISTENING_SECONDS = 0.5
/** An idle connection is asked this often whether the other end is still there. */
const KEEP_ALIVE_SECONDS = 10
/** Shorter than any wait for an answer, so that a statement nobody waits for ends as well. */
const TIMEOUTS = { statement_timeout: 4_000, idle_in_transaction_session_timeout: 10_000 }

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
  if (/^postgres(ql)?:\/\//.test(target)) return openPostgres(target)
  if (target === 'memory:') return openPglite(await PGlite.create())
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(target)) {
    throw new Error('A database is a postgres:// URL, a folder, or "memory:".')
  }
  return openFolder(resolve(target))
}

async function openPostgres(target: string): Promise<Database> {
  const { url, isPooled } = readUrl(target)
  const sockets = createSockets()
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    keep_alive: KEEP_ALIVE_SECONDS,
    max: 1,
    max_lifetime: null,
    // Documented, but missing from its types.
    socket: sockets.connect,
    onnotice: () => undefined,
    // Reading the types of arrays, which nothing needs, ends the process when the connection ends meanwhile.
    fetch_types: false,
    // What is prepared or set on a pooler's connection would be there, or not, for whoever borrows it next.
    prepare: !isPooled,
    connection: { application_name: 'latchkey', ...(isPooled ? {} : TIMEOUTS) },
  }
  // Never used, but it has read the URL.
  const { options: parsed } = postgres(url, options)
  const pool = createPool({
    options: parsed,
    connect(onclose) {
      const client = postgres(url, { ...options, onclose })
      // Sets how times and JSON are read and written.
      drizzleOnPostgres(client)
      return client
    },
  })
  try {
    await pool.send(['select 1'])
  } catch (error) {
    await pool.end(0)
    const { host, port, database } = parsed
    const place = `${host.join(',')}:${port.join(',')}`
    throw StoreUnavailable.from(error, `Cannot open the database "${database}" at ${place}`)
  }
  return {
    kind: 'postgres',
    drizzle: drizzleOnPostgres(pool.sql),
    query: async <Row>(text: string, parameters: readonly Parameter[]) =>
      (await pool.send([text, [...parameters], { prepare: true }])) as unknown as Row[],
    listen: isPooled ? null : (channel, onMessage) => listen(url, options, channel, onMessage),
    reportOverdue: sockets.closeSilent,
    close: () => pool.end(CLOSE_TIMEOUT_SECONDS),
  }
}

/** `pgbouncer` is a parameter for this program; a server would refuse it. */
function readUrl(target: string): { url: string; isPooled: boolean } {
  const [address = '', query = ''] = target.split('?')
  const parameters = new URLSearchParams(query)
  if (parameters.get('pgbouncer') !== 'true') return { url: target, isPooled: false }
  parameters.delete('pgbouncer')
  return { url: parameters.size === 0 ? address : `${address}?${parameters.toString()}`, isPooled: true }
}

/** postgres.js can listen by itself, but it cannot be told that the connection is deaf. */
async function listen(
  url: string,
  options: postgres.Options<Record<string, never>>,
  channel: string,
  onMessage: (payload: string) => void,
): Promise<Listening> {
  const sockets = createSockets()
  const { promise: ended, resolve: onclose } = Promise.withResolvers<void>()
  const client = postgres(url, {
    ...options,
    // Documented, but missing from its types.
    ...{ socket: sockets.connect, onnotify: (_: string, payload: string) => onMessage(payload) },
    onclose: () => onclose(),
  })
  async function close(): Promise<void> {
    await client.end({ timeout: STOP_LISTENING_SECONDS })
    // A connection whose other end is silent does not end by being asked.
    sockets.closeAll()
  }
  try {
    await within(LISTEN_DEADLINE_MS, client`listen ${client(channel)}`)
  } catch (error) {
    await close()
    throw error
  }
  return { ended, close, ping: async () => void (await client`select 1`) }
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
