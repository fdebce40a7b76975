import { connect, type Socket } from 'node:net'

/** Longer than any statement may take, so silence this long is no slow statement but a dead connection. */
const MAX_SILENCE_MS = 6_000

interface Place {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

/**
 * The sockets of one pool. A connection whose other end vanished without a word looks alive for a quarter of an
 * hour, and all that time requests would be sent into it and wait in vain; so the pool is told when an answer is
 * overdue, and then gives up those from which nothing came for long. Giving up one that was merely idle costs no
 * more than a new connection.
 */
export function createSockets() {
  const open = new Map<Socket, { bytesRead: number; at: number }>()
  let attempts = 0

  return {
    /** Connects to the next of the places in turn. Errors are the socket's to tell. */
    connect: ({ host, port, path }: Place): Socket => {
      // Under TLS postgres.js takes all listeners off the socket, so its end may go unheard.
      for (const socket of open.keys()) if (socket.destroyed) open.delete(socket)
      const turn = attempts++ % host.length
      const socket = path ? connect(path) : connect(port[turn]!, host[turn])
      open.set(socket, { bytesRead: 0, at: performance.now() })
      socket.on('close', () => open.delete(socket))
      // postgres.js reads the name from the socket when it checks the server's certificate.
      return Object.assign(socket, { host: host[turn], port: port[turn] })
    },

    closeAll: (): void => {
      for (const socket of open.keys()) socket.destroy()
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

class SilentConnection extends Error {
  readonly code = 'ETIMEDOUT'
}
