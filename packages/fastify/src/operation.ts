import type { Latchkey } from '@latchkey/engine'
import type { FastifyInstance, FastifySchema } from 'fastify'
import type { Access } from './access.ts'
import type { KeySpace } from './key-space.ts'
import { createTransform, type DocumentPart, type SecurityScheme } from './openapi.ts'
import type { ProblemCode } from './problem.ts'

/** What tells a key route apart from the others: its part of the document, its schemas and its own problems. */
export interface Operation {
  operationId: string
  summary: string
  description: string
  schema?: FastifySchema
  /** Beyond those that every key route may answer with. */
  problems?: readonly ProblemCode[]
  /** Who may use it; those who manage keys when left out. */
  access?: Access
}

/** What every key route is added with. */
export interface RouteContext {
  scope: FastifyInstance
  engine: Latchkey
  keySpace: KeySpace
  operation: ReturnType<typeof createOperations>
}

/** The problems that every key route may answer with. */
const COMMON_PROBLEMS: readonly ProblemCode[] = ['invalid_request']

/** Makes the function that turns an operation into the options of a Fastify route. */
export function createOperations({
  namespace,
  managementSecurity,
  managementAccess,
}: {
  namespace: string
  managementSecurity: Readonly<Record<string, SecurityScheme>>
  managementAccess: Access
}) {
  const isDefault = namespace === 'default'
  const part: DocumentPart = {
    tag: {
      name: isDefault ? 'API keys' : `API keys (${namespace})`,
      description: 'Create, list, change, revoke and check API keys.',
    },
    managementSecurity,
  }
  return function operation({
    operationId,
    summary,
    description,
    schema,
    problems = [],
    access = managementAccess,
  }: Operation) {
    const { onRequest, security } = access
    const documented = { part, security, problems: [...COMMON_PROBLEMS, ...access.problems, ...problems] }
    return {
      onRequest,
      config: { swaggerTransform: createTransform(documented) } as object,
      // One address for one thing: a slash behind it is another address, where there is nothing.
      prefixTrailingSlash: 'no-slash' as const,
      schema: {
        ...schema,
        // Operations of two key spaces share a document, where ids must differ.
        operationId: isDefault ? operationId : `${operationId}_${namespace.replaceAll('-', '_')}`,
        summary,
        description,
      } as FastifySchema,
    }
  }
}
