import { Agent, request as httpRequest } from 'node:http'

/** A reply, read to its end. */
export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A client with connections of its own that stay open. */
export interface HttpClient {
  request(
    method: string,
    url: string,
    options?: { headers?: Record<string, string>; json?: unknown },
  ): Promise<Reply>
  close(): void
}

/** Node's own client without what `fetch` adds, since it shares its core with other parts of the load. */
export function createHttpClient(connections = 1): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    request(method, url, { headers = {}, json } = {}) {
      const body = json === undefined ? undefined : JSON.stringify(json)
      const allHeaders = { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }
      return new Promise((resolve, reject) => {
        const sent = httpRequest(url, { method, agent, headers: allHeaders }, (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (text += chunk))
          response.on('end', () =>
            resolve({ status: response.statusCode!, headers: response.headers, body: text }),
          )
          response.on('error', reject)
        })
        sent.on('error', reject)
        sent.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}
