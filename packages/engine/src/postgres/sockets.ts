import { connect, type Socket } from 'node:net'

/** Longer than any statement may take, so silence this long is no slow statement but a dead connection. */
const MAX_SILENCE_MS = 6_000

interface Place {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

/** The way of one client to its server. */
export interface Line {
  socket: (place: Place) => Socket
  /** Closes the socket, in whatever state, and makes no other. */
  hangUp: () => void
}

/**
 * The sockets of one database. A connection whose other end vanished without a word looks alive for a quarter of an
 * hour, and all that time requests would be sent into it and wait in vain; so the pool is told when an answer is
 * overdue, and then gives up those from which nothing came for long. Giving up one that was merely idle costs no
 * more than a new connection.
 */
export function createSockets() {
  const open = new Map<Socket, { bytesRead: number; at: number }>()
  let clients = 0

  function connectTo({ host, port, path }: Place, turn: number): Socket {
    // Under TLS postgres.js takes all listeners off the socket, so its end may go unheard.
    for (const socket of open.keys()) if (socket.destroyed) open.delete(socket)
    const socket = path ? connect(path) : connect(port[turn]!, host[turn])
    open.set(socket, { bytesRead: 0, at: performance.now() })
    socket.on('close', () => open.delete(socket))
    // postgres.js reads the name from the socket when it checks the server's certificate.
    return Object.assign(socket, { host: host[turn], port: port[turn] })
  }

  return {
    /**
     * For one client of postgres.js: what makes its sockets, each to the next of its places, where the next client
     * begins with another one. It gives up after two rounds, while postgres.js would go on for ever as long as servers
     * hang up, or are none of those it was told to look for. Errors of a socket are the socket's to tell.
     */
    dial(onGivenUp: () => void = () => undefined): Line {
      const first = clients++
      let attempts = 0
      let current: Socket | null = null
      let isHungUp = false
      return {
        socket(place) {
          if (isHungUp) throw new NoServer()
          const { length } = place.host
          if (attempts === 2 * length) {
            onGivenUp()
            throw new NoServer()
          }
          current = connectTo(place, (first + attempts++) % length)
          return current
        },
        hangUp() {
          isHungUp = true
          current?.destroy()
        },
      }
    },

    closeSilent: (): void => {
      const now = performance.now()
      for (const [socket, seen] of open) {
        if (socket.bytesRead !== seen.bytesRead) open.set(socket, { bytesRead: socket.bytesRead, at: now })
        else if (now - seen.at >= MAX_SILENCE_MS) socket.destroy(new SilentConnection())
      }
    },
  }
}

/** Never long, so that a server that is back is found soon; not all at once, so that it survives that. */
export function secondsBeforeReconnect(attempt: number): number {
  return (0.5 + Math.random() / 2) * Math.min(0.05 * 2 ** attempt, 1)
}

class NoServer extends Error {
  readonly code = 'ECONNREFUSED'

  constructor() {
    super('No server that was asked takes connections.')
  }
}

class SilentConnection extends Error {
  readonly code = 'ETIMEDOUT'
}
