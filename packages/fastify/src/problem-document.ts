import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEMS, ProblemError, type FieldError, type ProblemCode, type ProblemKind } from './problem.ts'
import type { Problem } from './problem-schema.ts'
import { fieldErrors, type ValidationFailure } from './validation.ts'

/** Where each code is explained. */
const TYPE_BASE = 'https://latchkey.dev/problems/'

/** Fastify's own errors that have a code of ours. Others are told by their status. */
const FASTIFY_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_ERR_HANDLER_TIMEOUT: 'unavailable',
}

/** A code that a host gave an error of its own, as `email_taken`. */
const HOST_CODE = /^[a-z][a-z0-9_]{0,63}$/

/** The error of someone else, as far as it is looked at. */
interface ForeignError extends Partial<Error> {
  statusCode?: unknown
  code?: unknown
  errors?: unknown
  validation?: ValidationFailure[]
  validationContext?: string
}

/** Writes the problem document (RFC 9457) of a problem. */
export function problemDocument(problem: ProblemError, requestId: string): Problem {
  const { status, title, type = TYPE_BASE + problem.code }: ProblemKind = PROBLEMS[problem.code]
  return {
    type,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(problem.errors && { errors: [...problem.errors] }),
    ...(problem.violatedPolicies && { 'violated-policies': [...problem.violatedPolicies] }),
  }
}

/**
 * Reads what was thrown as a problem: one of ours, Fastify's or a schema's. null when it is a host's own error
 * with a 4xx status, which {@link hostDocument} renders, or an unexpected one.
 */
export function toProblem(thrown: unknown): ProblemError | null {
  if (thrown instanceof ProblemError) return thrown
  const error = (thrown ?? {}) as ForeignError
  if (error.validation) {
    return new ProblemError('invalid_request', {
      errors: fieldErrors(error.validation, error.validationContext),
    })
  }
  const code = typeof error.code === 'string' ? FASTIFY_CODES[error.code] : undefined
  return code === undefined ? null : new ProblemError(code)
}

/** The status of an error that its thrower meant for the caller to see (4xx), or null. */
export function clientErrorStatus(thrown: unknown): number | null {
  const status = (thrown as ForeignError | null | undefined)?.statusCode
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null
}

/**
 * The document of a host's own 4xx error. It is none of our codes, so its type is `about:blank` and its code is
 * the error's own, if that is written like ours, or else made of the status' name.
 */
export function hostDocument(thrown: unknown, status: number, requestId: string): Problem {
  const error = thrown as ForeignError
  const title = STATUS_CODES[status] ?? 'Client Error'
  const hasCode = typeof error.code === 'string' && HOST_CODE.test(error.code)
  return {
    type: 'about:blank',
    title,
    status,
    detail: error.message ?? title,
    code: hasCode ? (error.code as string) : title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_'),
    requestId,
    ...(isFieldErrors(error.errors) && { errors: error.errors }),
  }
}

function isFieldErrors(errors: unknown): errors is FieldError[] {
  return (
    Array.isArray(errors) &&
    errors.every(
      (error: Partial<FieldError> | null) =>
        typeof error?.field === 'string' && typeof error.message === 'string',
    )
  )
}

/** Answers with a problem, its headers and its document. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemError,
): FastifyReply {
  void reply.headers(problem.headers)
  return sendDocument(reply, problemDocument(problem, request.id))
}

/** A problem that is answered often. */
export interface PreparedProblem {
  /** @param headers that differ from the problem's. */
  send(request: FastifyRequest, reply: FastifyReply, headers?: Record<string, string>): void
}

/** Writes a problem's document once for many requests, which differ only in their ids. */
export function prepareProblem(problem: ProblemError): PreparedProblem {
  const { statusCode } = problem
  const headers = { ...problem.headers, ...DOCUMENT_HEADERS }
  const [before, after] = JSON.stringify(problemDocument(problem, ID_PLACE)).split(JSON.stringify(ID_PLACE))
  return {
    send(request, reply, differences) {
      reply.code(statusCode).headers(headers)
      if (differences !== undefined) reply.headers(differences)
      void reply.send(before + JSON.stringify(request.id) + after)
    },
  }
}

/** Stands where a request's id will be; no text of ours contains it. */
const ID_PLACE = '\u0000'
const DOCUMENT_HEADERS = { 'cache-control': 'no-store', 'content-type': 'application/problem+json' }

/**
 * Answers with a problem document. It is sent as text, so that no serializer or reply format of the host has a
 * hand in it, and never to be stored.
 */
export function sendDocument(reply: FastifyReply, document: Problem): FastifyReply {
  return reply.code(document.status).headers(DOCUMENT_HEADERS).send(JSON.stringify(document))
}
