import type { FastifyRequest } from 'fastify'
import type { DestinationStream, LoggerOptions } from 'pino'

/**
 * What makes a key secret, wherever it stands in a line. It has no boundaries, unlike the published pattern: a key
 * with something stuck to it is still one, and an escape before it, as in `\\nlk_live_...`, must stay whole.
 */
const secretPart = /(?<=(?:live|test)(?:_|%5F))[0-9A-Za-z]{30,}/gi

const credentialHeaders = ['authorization', 'x-api-key', 'x-latchkey-key', 'cookie', 'set-cookie']
const credentialFields = ['password', 'currentPassword', 'newPassword', 'token', 'secret', 'recoveryCodes']

/**
 * What the log may say. A request is told by its method and its route; its address, headers and bodies are not
 * logged at all, for each may hold a key. The redaction and the scrubbing below are for the line that somebody
 * adds one day.
 */
export function logOptions(
  level: string,
  stream?: DestinationStream,
): LoggerOptions & { stream?: DestinationStream } {
  return {
    level,
    serializers: { req: describeRequest, err: describeError },
    redact: {
      paths: [
        ...credentialHeaders.flatMap((name) => [`headers["${name}"]`, `*.headers["${name}"]`]),
        ...credentialFields.flatMap((name) => [name, `*.${name}`]),
      ],
      censor: '[redacted]',
    },
    hooks: {
      logMethod: keepMessageOut,
      streamWrite: (line) => line.replace(secretPart, '[redacted]'),
    },
    ...(stream && { stream }),
  }
}

function describeRequest(request: FastifyRequest) {
  const route = request.routeOptions.url ?? null
  return { method: request.method, route, remoteAddress: request.ip }
}

/** pino, and Fastify too, take an error's message for the message of the line. It is told where it may be, if at all. */
const keepMessageOut: NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> = function (
  args,
  method,
) {
  const [object, message] = args as [unknown, unknown]
  const error: unknown = object instanceof Error ? object : (object as { err?: unknown } | undefined)?.err
  if (error instanceof Error && (message === undefined || message === error.message)) {
    method.call(this, { err: error, ...(object !== error && (object as object)) }, error.name)
    return
  }
  method.apply(this, args)
}

interface ErrorDescription {
  type: string
  code?: string
  message?: string
  stack?: string | undefined
}

/**
 * An error without what it may quote: Drizzle and Postgres put statements, parameters and rows into messages, so
 * of theirs only the code and the place in our source are told.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error }
  const chain = causesOf(error)
  const code = chain
    .map((link) => (link as { code?: unknown }).code)
    .find((value) => typeof value === 'string')
  const quotesData = chain.some((link) => 'query' in link || 'severity' in link)
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    ...(!quotesData && { message: error.message }),
    stack: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
  }
}

function causesOf(error: Error): Error[] {
  const chain: Error[] = []
  let link: unknown = error
  while (link instanceof Error && chain.length < 8) {
    chain.push(link)
    link = link.cause
  }
  return chain
}
