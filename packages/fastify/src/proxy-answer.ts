import type { Accepted } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { problemDocument, sendDocument } from './problem-document.ts'
import type { ProblemCode, ProblemError } from './problem.ts'
import { rateLimitHeaders, shouldTell } from './rate-limit-headers.ts'

/**
 * Lets a request pass, and tells the service behind the proxy whose it is. An owner may be any text and a header may
 * not, so it is percent-encoded; the others are made of what headers take.
 */
export function sendPass(reply: FastifyReply, { key, rateLimits }: Accepted): FastifyReply {
  reply.code(200).headers({
    'x-latchkey-key-id': key.id,
    'x-latchkey-owner': encodeURIComponent(key.owner),
    'x-latchkey-scopes': key.scopes.join(' '),
    'x-latchkey-environment': key.environment,
  })
  if (shouldTell(rateLimits)) reply.headers(rateLimitHeaders(rateLimits))
  return reply.send()
}

/** What nginx would make a 500 of, as what it passes on. The header X-Latchkey-Code still tells the two apart. */
const NGINX_STATUSES: Partial<Record<ProblemCode, number>> = {
  multiple_credentials: 401,
  rate_limited: 403,
  quota_exceeded: 403,
  too_many_attempts: 403,
}

/** Refuses a request, in a way that the proxy passes on. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  { problem, isNginx }: { problem: ProblemError; isNginx: boolean },
): FastifyReply {
  const status = (isNginx ? NGINX_STATUSES[problem.code] : undefined) ?? problem.statusCode
  reply.headers({ ...problem.headers, 'x-latchkey-code': problem.code })
  return sendDocument(reply, { ...problemDocument(problem, request.id), status })
}
