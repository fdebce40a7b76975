import swagger from '@fastify/swagger'
import type { Database } from '@latchkey/engine'
import Fastify, { type FastifyInstance } from 'fastify'
import { addProtectedRoutes, captureLog, registerLatchkey } from './app.ts'
import { tokenOptions } from './token-options.ts'

/** As much of a JSON Schema as the tests read. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean
  items?: JsonSchema
  anyOf?: JsonSchema[]
  enum?: unknown[]
  examples?: unknown[]
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
}

/** One operation of a document. */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  operationId: string
  parameters: { name: string; in: 'query' | 'path' | 'header'; required?: boolean; schema: JsonSchema }[]
  body: JsonSchema | undefined
  /** By status, the schema of each content type; none where there is no content. */
  responses: Record<string, Record<string, JsonSchema>>
}

/** An app with its document, in which every reference is resolved. */
export interface DocumentedApp {
  app: FastifyInstance
  log: ReturnType<typeof captureLog>
  operations: Operation[]
}

interface RawOperation {
  operationId?: string
  parameters?: Operation['parameters']
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>
}

/** A host with protected routes and a document of everything. */
export async function createDocumentedApp(database: Database): Promise<DocumentedApp> {
  const log = captureLog()
  const app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'Host', version: '1.0.0' } } })
  await registerLatchkey(app, database, { tokens: tokenOptions() })
  addProtectedRoutes(app)
  await app.ready()
  const document = resolve(app.swagger()) as { paths: Record<string, Record<string, RawOperation>> }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => readOperation(path, method, raw)),
  )
  return { app, log, operations }
}

function readOperation(path: string, method: string, raw: RawOperation): Operation {
  const responses = Object.entries(raw.responses).map(([status, { content = {} }]) => [
    status,
    Object.fromEntries(Object.entries(content).map(([type, { schema }]) => [type, schema])),
  ])
  return {
    method: method.toUpperCase() as Operation['method'],
    path,
    operationId: raw.operationId ?? `${method} ${path}`,
    parameters: raw.parameters ?? [],
    body: raw.requestBody?.content['application/json']?.schema,
    responses: Object.fromEntries(responses) as Operation['responses'],
  }
}

/** A copy of a document in which what a reference refers to stands in its place. */
function resolve(document: unknown): unknown {
  const lookUp = (reference: string) =>
    reference
      .split('/')
      .slice(1)
      .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], document)
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    if ('$ref' in value) return walk(lookUp(value.$ref as string))
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]))
  }
  return walk(document)
}
