import { setTimeout } from 'node:timers/promises'
import { Connection, type Connect } from './connection.ts'
import { secondsBeforeReconnect } from './sockets.ts'

/** What {@link createPool} needs from outside. */
export interface PoolOptions {
  connect: Connect
  /** As many connections as there may be at once. */
  max: number
}

/** Connections to one server, of which each is lent to one user at a time. */
export interface Pool {
  /**
   * Lends a connection for as long as the work takes. Who comes first is served first.
   *
   * @throws NoConnection at once, when there is none and the last attempt to make one has just failed.
   */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Lends no more, waits for what is under way, and ends every connection. */
  end(timeoutSeconds: number): Promise<void>
}

/** Makes an empty pool. Connections are made when they are needed; one that ended is forgotten. */
export function createPool({ connect, max }: PoolOptions): Pool {
  const connections = new Set<Connection>()
  const idle: Connection[] = []
  /** Given a connection, or told by null to look again. */
  const waiting: ((connection: Connection | null) => void)[] = []
  let isEnded = false
  let onAllReturned: (() => void) | null = null
  let failures = 0
  let nextAttemptAt = 0

  const mayOpen = () => performance.now() >= nextAttemptAt

  function open(): Connection {
    const connection = new Connection(connect, forget)
    connections.add(connection)
    return connection
  }

  function forget(connection: Connection): void {
    connections.delete(connection)
    const place = idle.indexOf(connection)
    if (place !== -1) idle.splice(place, 1)
    if (connection.hasAnswered) {
      failures = 0
    } else if (mayOpen()) {
      // Those that were tried together fail together, which is one failure.
      nextAttemptAt = performance.now() + secondsBeforeReconnect(failures++) * 1_000
    }
    // All of them, for there may be no other connection left to wait for.
    for (const look of waiting.splice(0)) look(null)
  }

  async function borrow(): Promise<Connection> {
    for (;;) {
      if (isEnded) throw new NoConnection('The database was closed.')
      const known = idle.pop()
      if (known !== undefined && !(known.isOld && mayOpen())) return known
      void known?.end(1)
      if (connections.size < max && mayOpen()) return open()
      if (connections.size === 0) throw new NoConnection('The database could not be reached a moment ago.')
      const given = await new Promise<Connection | null>((resolve) => waiting.push(resolve))
      if (given !== null && !given.isOver) return given
    }
  }

  function giveBack(connection: Connection): void {
    if (!connection.isOver) {
      const next = waiting.shift()
      if (next === undefined) idle.push(connection)
      else next(connection)
    }
    if (idle.length === connections.size) onAllReturned?.()
  }

  return {
    async use(work) {
      const connection = await borrow()
      try {
        return await work(connection)
      } finally {
        giveBack(connection)
      }
    },

    async end(timeoutSeconds) {
      isEnded = true
      for (const look of waiting.splice(0)) look(null)
      if (idle.length < connections.size) {
        const returned = new Promise<void>((resolve) => (onAllReturned = resolve))
        await Promise.race([returned, setTimeout(timeoutSeconds * 1_000, undefined, { ref: false })])
      }
      await Promise.all([...connections].map((connection) => connection.end(0.1)))
    },
  }
}

class NoConnection extends Error {
  readonly code = 'CONNECTION_CLOSED'
}
