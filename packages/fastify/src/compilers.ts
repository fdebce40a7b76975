import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type {
  FastifyInstance,
  FastifySchema,
  FastifySchemaCompiler,
  FastifySerializerCompiler,
} from 'fastify'

/**
 * Gives a scope validators and serializers of its own, whatever the host uses: one that strips or coerces would
 * accept what must be refused, and one for Zod does not understand these schemas at all.
 *
 * A body means what it says: nothing is coerced, nothing unknown is dropped. Only the values of a query string,
 * which are all text, become numbers and lists.
 */
export function useOwnCompilers(scope: FastifyInstance): void {
  const buildValidator = AjvCompiler()
  // All errors at once is safe here: a body has at most 16 KiB, and only the first few errors are told.
  const strict = { removeAdditional: false, useDefaults: true, allErrors: true }
  const literal = buildValidator({}, { customOptions: { ...strict, coerceTypes: false } })
  const coercing = buildValidator({}, { customOptions: { ...strict, coerceTypes: 'array' } })
  const serialize = SerializerSelector()({}, {})

  scope.setValidatorCompiler(
    asFastifyCompiler((route) => (route.httpPart === 'querystring' ? coercing : literal)(route)),
  )
  scope.setSerializerCompiler(serialize as FastifySerializerCompiler<FastifySchema>)
  // A host's reply serializer would be asked before the compiled ones, and would see more than they let through.
  scope.setReplySerializer(null as never)
}

/** The two packages describe the same functions with different types; Fastify itself uses them just so. */
function asFastifyCompiler(
  compile: (route: { schema: object; httpPart?: string }) => unknown,
): FastifySchemaCompiler<FastifySchema> {
  return compile as FastifySchemaCompiler<FastifySchema>
}
