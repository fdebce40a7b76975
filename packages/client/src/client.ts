import createFetchClient, { type Client } from 'openapi-fetch'
import type { paths } from './paths.ts'

/** Where the API is and how to call it. */
export interface ClientOptions {
  /** The API's address, as `https://api.example.com`. */
  baseUrl: string
  /** Where the host serves the key routes, its option `routePrefix`: `/v1/api-keys` when left out. */
  routePrefix?: string
  /** Sent with every request, as a session's cookie. */
  headers?: Record<string, string>
  /** In place of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>
}

/** A client whose every call is typed by the API's own document. */
export type LatchkeyClient = Client<paths>

/**
 * Makes a client. A call resolves to `{ data, error, response }`: `data` when the API said yes, `error`, a
 * problem document, when it said no. It rejects only when there was no reply at all.
 *
 * @example
 * const client = createClient({ baseUrl: 'https://api.example.com', headers: { cookie } })
 * const { data, error } = await client.POST('/v1/api-keys', { body: { name: 'Integration with CRM' } })
 * if (error) throw new Error(error.detail)
 * console.log(data.secret)
 */
export function createClient({ baseUrl, routePrefix, headers, fetch }: ClientOptions): LatchkeyClient {
  return createFetchClient<paths>({
    baseUrl,
    ...(headers && { headers }),
    ...(fetch && { fetch }),
    ...(routePrefix !== undefined && { Request: requestBelow(baseUrl, routePrefix) }),
  })
}

/** Makes requests like `Request`, those to the key routes with the address that these have at the host. */
function requestBelow(baseUrl: string, routePrefix: string): typeof Request {
  const base = baseUrl.replace(/\/$/, '')
  const usual = `${base}/v1/api-keys`
  const moved = (address: string) => {
    const rest = address.startsWith(usual) ? address.slice(usual.length) : null
    return rest !== null && /^(?:$|[/?])/.test(rest) ? `${base}${routePrefix}${rest}` : address
  }
  return class extends Request {
    constructor(input: ConstructorParameters<typeof Request>[0], init?: RequestInit) {
      super(typeof input === 'string' ? moved(input) : input, init)
    }
  }
}
