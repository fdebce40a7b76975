import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ProblemError } from './problem.ts'

/** A key's metadata may have 4 KiB and its scopes 100 names; nothing honest comes near this. */
export const MAX_BODY_BYTES = 16 * 1_024

const BYTE_ORDER_MARK = 0xfeff

/**
 * Makes JSON the only body a scope reads, by a parser of its own: a host's may be lenient, and its catch-all
 * would let other content types slip past validation. What is not exactly UTF-8 is refused rather than mended,
 * and so is a body that would poison a prototype.
 */
export function acceptJsonOnly(scope: FastifyInstance): void {
  const parseSafely = scope.getDefaultJsonParser('error', 'error')
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      // Clients that always name a content type also do when they send nothing, as with DELETE.
      if (body.length === 0) return done(null, undefined)
      let text: string
      try {
        text = utf8.decode(body)
      } catch {
        return done(new ProblemError('invalid_json'), undefined)
      }
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) return done(new ProblemError('invalid_json'), undefined)
      return void parseSafely(request, text, done)
    },
  )
}

/** For routes that may be asked without a body: sending none is saying nothing. */
export async function takeNoBodyAsEmpty(request: FastifyRequest): Promise<void> {
  request.body ??= {}
}
