import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { within } from '../deadline.ts'
import { StoreUnavailable } from '../store-unavailable.ts'
import { arrayTypes } from './array-types.ts'
import { toUnsafe, type Connect, type Connection, type Rows, type Statement } from './connection.ts'
import type { Database, Listening, Parameter } from './database.ts'
import { createPool } from './pool.ts'
import { createSockets } from './sockets.ts'

/** Connections for single statements, and for transactions, so that neither waits for the other. */
const MAX_FOR_STATEMENTS = 10
const MAX_FOR_TRANSACTIONS = 5
const CONNECT_TIMEOUT_SECONDS = 5
const CLOSE_TIMEOUT_SECONDS = 3
const LISTEN_DEADLINE_MS = 6_000
const STOP_LISTENING_SECONDS = 0.5
/** An idle connection is asked this often whether the other end is still there. */
const KEEP_ALIVE_SECONDS = 10
/** Shorter than any wait for an answer, so that a statement nobody waits for ends as well. */
const TIMEOUTS = { statement_timeout: 4_000, idle_in_transaction_session_timeout: 10_000 }

/** Opens a database on a server. Throws StoreUnavailable when it cannot be reached. */
export async function openServer(target: string): Promise<Database> {
  const { url, isPooled } = readUrl(target)
  const sockets = createSockets()
  const options = {
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    keep_alive: KEEP_ALIVE_SECONDS,
    max: 1,
    // When a connection ends is decided here, whatever the URL or the environment says.
    max_lifetime: null,
    idle_timeout: 0,
    onnotice: () => undefined,
    fetch_types: false,
    types: arrayTypes,
    // What is prepared or set on a pooler's connection would be there, or not, for whoever borrows it next.
    prepare: !isPooled,
    connection: { application_name: 'latchkey', ...(isPooled ? {} : TIMEOUTS) },
  }

  const connect: Connect = (onclose) => {
    const { socket, hangUp } = sockets.dial(onclose)
    // Documented, but missing from its types.
    const client = postgres(url, { ...options, onclose, ...{ socket } })
    // Sets how times and JSON are read and written.
    drizzle(client)
    return { client, hangUp }
  }
  const forStatements = createPool({ connect, max: MAX_FOR_STATEMENTS })
  const forTransactions = createPool({ connect, max: MAX_FOR_TRANSACTIONS })
  const send = (statement: Statement, asValues?: boolean): Promise<Rows> =>
    forStatements.use((connection) => sendAlone(connection, statement, asValues))
  async function close(timeoutSeconds: number): Promise<void> {
    await Promise.all([forStatements.end(timeoutSeconds), forTransactions.end(timeoutSeconds)])
  }

  // Never connects, but it has read the URL.
  const { options: parsed } = postgres(url, options)
  try {
    await send(['select 1'])
  } catch (error) {
    await close(0)
    const { host, port, database } = parsed
    const place = `${host.join(',')}:${port.join(',')}`
    throw StoreUnavailable.from(error, `Cannot open the database "${database}" at ${place}`)
  }
  /** As much of a client as Drizzle uses. */
  const sql = {
    options: parsed,
    unsafe: toUnsafe(send),
    begin: <T>(work: (sql: postgres.TransactionSql) => Promise<T>) =>
      forTransactions.use((connection) => connection.transact(work)),
  }
  return {
    kind: 'postgres',
    drizzle: drizzle(sql as unknown as postgres.Sql),
    query: async <Row>(text: string, parameters: readonly Parameter[]) =>
      (await send([text, [...parameters], { prepare: true }])) as unknown as Row[],
    listen: isPooled ? null : (channel, onMessage) => listen(url, options, channel, onMessage),
    reportOverdue: sockets.closeSilent,
    close: () => close(CLOSE_TIMEOUT_SECONDS),
  }
}

/** Whoever gets the connection next would find itself in a transaction of somebody else. */
async function sendAlone(connection: Connection, statement: Statement, asValues?: boolean): Promise<Rows> {
  const rows = await connection.send(statement, asValues)
  if (rows.command === 'BEGIN' || rows.command === 'START TRANSACTION') {
    await connection.end(0)
    throw new Error('A transaction needs a connection of its own: use drizzle.transaction().')
  }
  return rows
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
  options: postgres.Options<typeof arrayTypes>,
  channel: string,
  onMessage: (payload: string) => void,
): Promise<Listening> {
  const { socket, hangUp } = createSockets().dial()
  const { promise: ended, resolve: onclose } = Promise.withResolvers<void>()
  const client = postgres(url, {
    ...options,
    // Documented, but missing from its types.
    ...{ socket, onnotify: (_: string, payload: string) => onMessage(payload) },
    onclose: () => onclose(),
  })
  async function close(): Promise<void> {
    await client.end({ timeout: STOP_LISTENING_SECONDS })
    // A connection whose other end is silent does not end by being asked.
    hangUp()
  }
  try {
    await within(LISTEN_DEADLINE_MS, client`listen ${client(channel)}`)
  } catch (error) {
    await close()
    throw error
  }
  return { ended, close, ping: async () => void (await client`select 1`) }
}
