import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { sendProblem } from './problem-document.ts'
import { ProblemError } from './problem.ts'

/** Answers what no route takes: 405 where the address knows other methods, else 404. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const allowed = allowedMethods(request)
  const problem =
    allowed.length === 0
      ? new ProblemError('not_found')
      : new ProblemError('method_not_allowed', { headers: { allow: allowed.join(', ') } })
  return sendProblem(request, reply, problem)
}

/** A preflight route for every address, as @fastify/cors has it, makes no address known: OPTIONS alone counts for nothing. */
function allowedMethods({ server, url }: FastifyRequest): HTTPMethods[] {
  // `OPTIONS *` and proxies' absolute addresses have no path that a route could take.
  if (!url.startsWith('/')) return []
  const allowed = server.supportedMethods.filter((method) => server.findRoute({ method, url }) !== null)
  return allowed.every((method) => method === 'OPTIONS') ? [] : allowed
}
