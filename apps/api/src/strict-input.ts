import { AjvCompiler } from '@fastify/ajv-compiler'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify'

/**
 * Takes what comes in at its word. A body is JSON in exact UTF-8 or refused; a field that no schema knows is
 * refused, not dropped; a number sent as text is refused, not converted. Only the values of a query string,
 * which are all text, become numbers.
 */
export function useStrictInput(scope: FastifyInstance): void {
  const build = AjvCompiler()
  const strict = { removeAdditional: false, useDefaults: true, allErrors: true } as const
  const literal = build({}, { customOptions: { ...strict, coerceTypes: false } })
  const coercing = build({}, { customOptions: { ...strict, coerceTypes: true } })
  scope.setValidatorCompiler(((route) =>
    (route.httpPart === 'querystring' ? coercing : literal)(
      route as never,
    )) as FastifySchemaCompiler<FastifySchema>)

  const parse = scope.getDefaultJsonParser('error', 'error')
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Clients that always name a content type do so even when they send nothing, as with DELETE.
    if (body.length === 0) return done(null, undefined)
    let text: string
    try {
      text = utf8.decode(body)
    } catch {
      return done(new ProblemError('invalid_json'), undefined)
    }
    // A byte order mark is no part of JSON (RFC 8259), though the parser would drop it.
    if (text.startsWith('\ufeff')) return done(new ProblemError('invalid_json'), undefined)
    return void parse(request, text, done)
  })
}
