import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server that can be made to fail. */
export interface FaultProxy {
  /** The server's URL, by way of the proxy. */
  url: string
  /** Passes nothing on any more, in silence: what a broken network or a frozen server looks like. */
  blackhole: () => void
  /** Ends every connection and refuses new ones: what a stopped server looks like. */
  cut: () => Promise<void>
  /** Works again. Connections that were silent stay silent, as they would on a network. */
  restore: () => Promise<void>
  close: () => Promise<void>
}

/**
 * Puts a proxy in front of a server.
 *
 * @param onBytes sees everything that passes, in both directions.
 */
export async function createFaultProxy(
  serverUrl: string,
  onBytes?: (bytes: Buffer) => void,
): Promise<FaultProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let isSilent = false

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        onBytes?.(bytes)
        if (isSilent) from.pause()
        else to.write(bytes)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function cut(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  const port = await listen(0)
  const url = new URL(serverUrl)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    blackhole() {
      isSilent = true
    },
    cut,
    async restore() {
      isSilent = false
      if (!server.listening) await listen(port)
    },
    close: cut,
  }
}
