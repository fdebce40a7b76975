import type postgres from 'postgres'
import { Connection, toUnsafe, type Connect, type Rows, type Statement } from './connection.ts'
import { secondsBeforeReconnect } from './sockets.ts'

/** Connections for single statements, of which one takes many at once. */
const MAX_SHARED = 10
/** Connections for transactions, of which one takes one at a time; others wait. */
const MAX_EXCLUSIVE = 5

/** What {@link createPool} needs from outside. */
export interface PoolOptions {
  connect: Connect
  /** Of a client that is never used, as Drizzle wants to see them. */
  options: postgres.Sql['options']
}

/**
 * Connections to one server, opened when they are needed. One that ended is forgotten. While none is left and the
 * last attempt to connect has just failed, statements are refused at once.
 */
export function createPool({ connect, options }: PoolOptions) {
  const shared = new Set<Connection>()
  const exclusive = new Set<Connection>()
  const idle: Connection[] = []
  const waiting: (() => void)[] = []
  let failures = 0
  let nextAttemptAt = 0
  let isEnded = false

  function open(connections: Set<Connection>): Connection {
    const connection = new Connection(connect, forget)
    connections.add(connection)
    return connection
  }

  function forget(connection: Connection): void {
    shared.delete(connection)
    exclusive.delete(connection)
    const place = idle.indexOf(connection)
    if (place !== -1) idle.splice(place, 1)
    if (connection.hasAnswered) failures = 0
    // Those that were tried together fail together, which is one failure.
    else if (mayOpen()) nextAttemptAt = performance.now() + secondsBeforeReconnect(failures++) * 1_000
    waiting.shift()?.()
  }

  function mayOpen(): boolean {
    return !isEnded && performance.now() >= nextAttemptAt
  }

  /** One that has nothing to do, or a new one, or the one with the least to do. */
  function share(): Connection {
    let best: Connection | undefined
    for (const connection of shared) {
      if (connection.pending === 0) {
        if (!connection.isOld) return connection
        shared.delete(connection)
        void connection.end(1)
      } else if (best === undefined || connection.pending < best.pending) {
        best = connection
      }
    }
    if (shared.size < MAX_SHARED && mayOpen()) return open(shared)
    if (best === undefined) throw new NoConnection()
    return best
  }

  async function borrow(): Promise<Connection> {
    for (;;) {
      const known = idle.pop()
      if (known !== undefined && !known.isOld) return known
      if (known !== undefined) {
        exclusive.delete(known)
        void known.end(1)
      }
      if (exclusive.size < MAX_EXCLUSIVE) {
        if (!mayOpen()) throw new NoConnection()
        return open(exclusive)
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  async function begin<T>(work: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
    const connection = await borrow()
    try {
      return await connection.transact(work)
    } finally {
      if (!connection.isOver) idle.push(connection)
      waiting.shift()?.()
    }
  }

  // An async function, so that a refusal is a rejection too.
  const send = async (statement: Statement, asValues?: boolean): Promise<Rows> =>
    share().send(statement, asValues)

  return {
    send,
    /** For Drizzle, in the place of a postgres.js client. */
    sql: { options, begin, unsafe: toUnsafe(send) } as unknown as postgres.Sql,
    async end(timeoutSeconds: number): Promise<void> {
      isEnded = true
      await Promise.all([...shared, ...exclusive].map((connection) => connection.end(timeoutSeconds)))
    },
  }
}

class NoConnection extends Error {
  readonly code = 'ECONNREFUSED'

  constructor() {
    super('The database could not be reached a moment ago.')
  }
}
