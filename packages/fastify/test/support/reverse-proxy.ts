import {
  createServer,
  request as sendRequest,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a connection goes to, and the address of this machine from which it comes: one of 127.0.0.0/8. */
export interface Way {
  port: number
  host?: string
  from: string
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends a request from an address of this machine. */
export function get(
  { port, host = '127.0.0.1', from }: Way,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const localAddress = host.includes(':') ? undefined : from
    const request = sendRequest({ host, port, path, headers, localAddress }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () =>
        resolve({
          status: reply.statusCode!,
          headers: reply.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    request.on('error', reject).end()
  })
}

/** A proxy that does as proxies do: it passes everything on, and adds who asked it to X-Forwarded-For. */
export async function startReverseProxy(to: Way): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const { 'x-forwarded-for': before, ...headers } = incoming.headers
    const forwarded = [before, incoming.socket.remoteAddress].flat().filter(Boolean).join(', ')
    get(to, incoming.url!, { ...headers, connection: 'close', 'x-forwarded-for': forwarded }).then(
      ({ status, body }) => outgoing.writeHead(status).end(body),
      () => outgoing.writeHead(502).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}
