import { once } from 'node:events'
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** What goes wrong with the requests that match. */
export interface Fault {
  /** `METHOD path-prefix`, for example `POST /v1/api-keys`; empty for every request. */
  on: string
  /** `lost`: the request is served, its answer is not; `refused`: the connection ends at once; `body`: this is the answer. */
  kind: 'lost' | 'refused' | { slowMs: number } | { body: unknown }
  /** How often. Left out: until the fault is taken back. */
  times?: number
}

interface Exchange {
  method: string
  path: string
  status: number
  body: string
}

const control = '/__proxy__'

/**
 * Stands before a server, keeps every answer it gave, and fails on demand. Tests in another process speak to it at
 * `/__proxy__`; see `proxyControl`.
 */
export async function startProxy(port: number, targetPort: number): Promise<{ stop: () => Promise<void> }> {
  const exchanges: Exchange[] = []
  let fault: Fault | null = null

  function nextFault(request: IncomingMessage): Fault['kind'] | null {
    if (!fault || !`${request.method} ${request.url}`.startsWith(fault.on)) return null
    const { kind } = fault
    if (fault.times !== undefined && --fault.times === 0) fault = null
    return kind
  }

  async function onControl(request: IncomingMessage, response: ServerResponse) {
    const { text, on } = JSON.parse((await readBody(request)).toString() || '{}') as {
      text?: string
      on?: string
    }
    if (request.url === `${control}/find`) {
      const found = exchanges.filter(({ body }) => body.includes(text ?? ''))
      response.end(JSON.stringify(found.map(({ method, path, status }) => ({ method, path, status }))))
    } else if (request.url === `${control}/count`) {
      response.end(
        JSON.stringify(
          exchanges.filter(({ method, path }) => `${method} ${path}`.startsWith(on ?? '')).length,
        ),
      )
    } else response.writeHead(404).end()
  }

  const server = createServer((request, response) => {
    void serve(request, response)
  })

  async function serve(request: IncomingMessage, response: ServerResponse) {
    if (request.url === `${control}/fault`) {
      fault = JSON.parse((await readBody(request)).toString()) as Fault | null
      return response.end()
    }
    if (request.url?.startsWith(control)) return onControl(request, response)
    const kind = nextFault(request)
    if (kind === 'refused') return request.socket.destroy()
    const requestBody = await readBody(request)
    if (typeof kind === 'object' && kind && 'body' in kind)
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(kind.body))
    if (kind && kind !== 'lost') await delay(kind.slowMs)

    const headers = { ...request.headers, 'accept-encoding': 'identity' }
    const upstream = forward({
      port: targetPort,
      host: '127.0.0.1',
      method: request.method,
      path: request.url,
      headers,
    })
    upstream.on('error', () => response.destroy())
    upstream.end(requestBody)
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
    const body = await readBody(answer)
    // Begun and broken off: a connection that ends without a word would be tried again by the browser itself.
    if (kind === 'lost')
      return response.writeHead(200, { 'content-length': 1_000 }).write('.', () => response.destroy())
    exchanges.push({
      method: request.method ?? '',
      path: request.url ?? '',
      status: answer.statusCode ?? 0,
      body: `${JSON.stringify(answer.rawHeaders)}\n${body.toString()}`,
    })
    const kept = answer.rawHeaders.filter(
      (_, index, all) => !/^transfer-encoding$/i.test(all[index - (index % 2)] ?? ''),
    )
    response.writeHead(answer.statusCode ?? 500, kept)
    response.end(body)
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Speaks to a proxy, from whatever process. */
export function proxyControl(origin: string) {
  const post = async (path: string, body: unknown) =>
    (await fetch(`${origin}${control}/${path}`, { method: 'POST', body: JSON.stringify(body) })).text()
  return {
    /** Makes requests fail until `heal`. */
    fail: (fault: Fault) => post('fault', fault),
    heal: () => post('fault', null),
    /** The answers, headers included, that held a text. */
    find: async (text: string) => JSON.parse(await post('find', { text })) as Omit<Exchange, 'body'>[],
    /** How many answers went out to requests that begin so. */
    count: async (on: string) => JSON.parse(await post('count', { on })) as number,
  }
}
