import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEMS, problemServerOptions, type ProblemCode } from '@latchkey/fastify'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { bareSecurityHeaders } from './security-headers.ts'

/** Options of the server for what fails before any hook runs: problem documents, with the security headers. */
export const earlyErrors = {
  /** An address that cannot be decoded, and the like. */
  frameworkErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    problemServerOptions.frameworkErrors(error, request, reply.headers(bareSecurityHeaders))
  },

  /** What Node could not read as HTTP. There is neither a request nor a reply, only a connection. */
  clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(rawReply(codes[error.code ?? ''] ?? 'invalid_request'))
    socket.destroy()
  },
}

const codes: Record<string, ProblemCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

function rawReply(code: ProblemCode): string {
  const { status, title, detail } = PROBLEMS[code]
  const type = `https://latchkey.dev/problems/${code}`
  const body = JSON.stringify({ type, title, status, detail, code, requestId: 'none' })
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...bareSecurityHeaders,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n')
}
