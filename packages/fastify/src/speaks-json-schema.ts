import type { FastifyInstance } from 'fastify'

/**
 * Whether the compilers of a scope understand JSON Schema. Those of a type provider like Zod's do not, and throw
 * at a schema of ours. There is no way to ask them, so they are tried.
 */
export function speaksJsonSchema(scope: FastifyInstance): boolean {
  const schema = { type: 'object', properties: { known: { type: 'string' } } }
  const route = { schema, method: 'GET', url: '/', httpStatus: '200', httpPart: 'body' }
  try {
    scope.serializerCompiler?.(route)({ known: 'a' })
    scope.validatorCompiler?.(route)({ known: 'a' })
    return true
  } catch {
    return false
  }
}
