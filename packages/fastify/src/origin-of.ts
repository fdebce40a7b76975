import type { Origin } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'

/** Where a change was asked for, as the audit trail tells it; the address is the one that the host trusts. */
export function originOf({ ip, headers, id }: FastifyRequest): Origin {
  return { address: ip, userAgent: headers['user-agent'], requestId: id }
}
