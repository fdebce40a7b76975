import type { Caller } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'

/** Who sent a request, for the engine. There is one for each request, so it reads nothing until a key asks for it. */
export class RequestCaller implements Caller {
  protected readonly request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.request = request
  }

  /** What the connection says, or the proxies that the host trusts. */
  get ip(): string | null | undefined {
    return this.request.ip
  }

  /** Browsers leave it out when they fetch from where the page itself came from, and say that they do. */
  get origin(): string | undefined {
    const { headers } = this.request
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== 'same-origin') return headers.origin
    return `${this.request.protocol}://${this.request.host}`
  }

  /** By headers that no page can leave out. Not by Sec-Fetch-Mode, which the fetch of Node sends as well. */
  get isBrowser(): boolean {
    const { headers } = this.request
    return (
      headers.origin !== undefined ||
      headers['sec-fetch-site'] !== undefined ||
      headers['sec-fetch-dest'] !== undefined
    )
  }
}

/**
 * Who sent a request that a proxy asks about. What its browser says comes with it, and its address as far as the host
 * trusts what proxies say. Otherwise it is not known: the proxy itself is never the culprit.
 */
export class ProxiedCaller extends RequestCaller {
  override get ip(): string | null | undefined {
    return (this.request.ips?.length ?? 0) > 1 ? this.request.ip : null
  }
}
