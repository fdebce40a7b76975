import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { createErrorHandler } from './error-handler.ts'
import { problemDocument } from './problem-document.ts'
import { ProblemError, type ProblemCode } from './problem.ts'

const handleFrameworkError = createErrorHandler('internal_error')

/**
 * Options for `Fastify(...)` that make problem documents of what fails before any route or plugin is asked: an
 * address that cannot be decoded, a path parameter that is too long, headers that are too large or malformed.
 *
 * @example
 * const app = Fastify({ ...problemServerOptions, logger: true })
 * await app.register(problems)
 */
export const problemServerOptions = {
  frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    handleFrameworkError(error, request, reply)
  },

  clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(rawResponse(CLIENT_ERRORS[error.code ?? ''] ?? 'invalid_request'))
    socket.destroy(error)
  },
}

/** What Node calls the trouble with a request that it could not read to the end of its headers. */
const CLIENT_ERRORS: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** There is no request yet, so no request id either. */
function rawResponse(code: ProblemCode): string {
  const document = problemDocument(new ProblemError(code), 'none')
  const body = JSON.stringify(document)
  return [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
