import type { FastifyReply, FastifyRequest } from 'fastify'
import { logFailure } from './log-failure.ts'
import { clientErrorStatus, hostDocument, sendDocument, sendProblem, toProblem } from './problem-document.ts'
import { ProblemError } from './problem.ts'

/**
 * Makes an error handler that answers with problem documents: what is the caller's to mend is told, anything
 * else is logged and answered with `unexpected`, which says nothing about it.
 */
export function createErrorHandler(unexpected: 'unavailable' | 'internal_error') {
  return function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const problem = toProblem(error)
    if (problem) return sendProblem(request, reply, problem)

    const status = clientErrorStatus(error)
    if (status !== null) {
      const { headers } = error as { headers?: Record<string, string> }
      if (headers) reply.headers(headers)
      return sendDocument(reply, hostDocument(error, status, request.id))
    }

    logFailure(request.log, error, 'The request failed')
    return sendProblem(request, reply, new ProblemError(unexpected))
  }
}
