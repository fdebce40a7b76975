import { AjvCompiler } from '@fastify/ajv-compiler'
import fc from 'fast-check'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Problem } from '../src/index.ts'
import { bearer, createKey, createServiceKey, KEYS, signedIn } from './support/app.ts'
import {
  createDocumentedApp,
  type DocumentedApp,
  type JsonSchema,
  type Operation,
} from './support/document.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { mutationsOf, valuesOf } from './support/from-schema.ts'

const RUNS = 150
const OPERATIONS = [
  'listApiKeys',
  'createApiKey',
  'listScopes',
  'getApiKey',
  'updateApiKey',
  'deleteApiKey',
  'getApiKeyUsage',
  'getApiKeyRoutes',
  'getUsage',
  'listAuditEvents',
  'exportAuditEvents',
  'getUsageOfKeys',
  'getApiKeyPolicy',
  'setApiKeyPolicy',
  'rotateApiKey',
  'updateRetiringSecret',
  'revokeApiKey',
  'restoreApiKey',
  'changeApiKeys',
  'selfRevokeApiKey',
  'verifyApiKey',
  'verifyApiKeys',
  'authorizeRequest',
  'createToken',
  'getJwks',
]

const GOOD_BODIES: Record<string, object> = {
  createApiKey: { name: 'x' },
  verifyApiKey: { secret: 'x' },
  updateApiKey: { name: 'x' },
}

type Validate = ((body: unknown) => boolean) & { errors?: unknown }

/** Fastify calls its compiler with a route, whatever its types say. */
const buildValidator = AjvCompiler()(
  {},
  { customOptions: { coerceTypes: false, removeAdditional: false } },
) as unknown as (route: { schema: JsonSchema }) => Validate

/** The schema of a reply, in which nothing is allowed that it does not list. */
function closed(schema: JsonSchema): JsonSchema {
  if (schema.anyOf) return { ...schema, anyOf: schema.anyOf.map(closed) }
  if (schema.items) return { ...schema, items: closed(schema.items) }
  if (!schema.properties) return schema
  const properties = Object.entries(schema.properties).map(([name, part]) => [name, closed(part)] as const)
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false }
}

/** What must be true of every reply, to whatever request. */
function checkReply(operation: Operation, reply: LightMyRequestResponse): void {
  expect(reply.statusCode).toBeLessThan(500)
  const documented = operation.responses[reply.statusCode]
  expect(documented, `${operation.operationId} documents ${reply.statusCode}: ${reply.body}`).toBeDefined()
  const type = String(reply.headers['content-type'] ?? '').replace('; charset=utf-8', '')
  const types = Object.keys(documented!)
  expect(types.length > 0 ? types : ['']).toContain(type)
  if (type === '') {
    expect(reply.body).toBe('')
    return
  }
  if (!type.endsWith('json')) return
  const validate = buildValidator({ schema: closed(documented![type]!) })
  expect(validate(reply.json()), JSON.stringify(validate.errors)).toBe(true)
  if (reply.statusCode >= 400) expect(reply.json<Problem>().status).toBe(reply.statusCode)
}

describeOnEachDatabase('any request at all', (database) => {
  let documented: DocumentedApp
  let id: string
  let service: string
  beforeAll(async () => {
    documented = await createDocumentedApp(database())
    id = (await createKey(documented.app, 'fuzz')).id
    service = await createServiceKey(documented.app)
  })

  /** A person where people may come, and otherwise a service or a proxy, which asks about its own key. */
  const credentials = ({ operationId }: Operation) =>
    /^(verify|authorize|createToken)/.test(operationId)
      ? { ...bearer(service), 'x-latchkey-key': service }
      : signedIn('fuzz')
  afterAll(() => documented.app.close())

  function requestsOf(operation: Operation): fc.Arbitrary<InjectOptions> {
    const { method, path, parameters, body } = operation
    // Dots alone are resolved, and lead to another address.
    const texts = fc.string({ maxLength: 90 }).filter((text) => !/^\.{1,2}$/.test(text))
    const pathIds = fc.oneof(fc.constant(id), texts.map(encodeURIComponent))
    const query = parameters.filter((parameter) => parameter.in === 'query')
    const querySchema: JsonSchema = {
      properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    }
    const headers = parameters.filter((parameter) => parameter.in === 'header')
    // Other characters do not come through Node's parser.
    const line = (text: unknown) => String(text).replace(/[^\x20-\x7E]/g, '')
    const lines = ({ examples = [], ...schema }: JsonSchema) =>
      fc.oneof(fc.constantFrom('*', ...examples), valuesOf(schema)).map(line)
    const headerLines = headers.map(({ name, schema }) => [name, lines(schema)] as const)
    return fc
      .record({
        pathId: pathIds,
        query: mutationsOf(querySchema),
        given: fc.record(Object.fromEntries(headerLines), { requiredKeys: [] }),
        payload: body ? mutationsOf(body) : fc.constant(undefined),
      })
      .map(({ pathId, query: fields, given, payload }) => ({
        method,
        url: path.replace('{id}', pathId || 'x') + toQuery(fields),
        headers: {
          ...credentials(operation),
          ...(payload !== undefined && { 'content-type': 'application/json' }),
          ...given,
        },
        ...(payload !== undefined && { payload: JSON.stringify(payload) }),
      }))
  }

  /** What chance seldom finds: a request in which nothing is wrong. */
  function examplesOf(operation: Operation): [InjectOptions][] {
    const { method, path, operationId } = operation
    const payload = GOOD_BODIES[operationId]
    if (payload === undefined) return []
    return [[{ method, url: path.replace('{id}', id), headers: credentials(operation), payload }]]
  }

  it('is what these operations are made from', () => {
    const operations = documented.operations.map(({ operationId }) => operationId)
    expect(operations).toEqual(expect.arrayContaining(OPERATIONS))
    expect(documented.operations.filter(({ path }) => path.startsWith(KEYS))).toHaveLength(OPERATIONS.length)
  })

  it.each(OPERATIONS)(
    '%s: never 5xx, always a documented status, content type and body',
    async (operationId) => {
      const operation = documented.operations.find((each) => each.operationId === operationId)!
      const seen = new Set<number>()
      await fc.assert(
        fc.asyncProperty(requestsOf(operation), async (request) => {
          const { app } = documented
          // What a self-revocation comes with is gone afterwards.
          const own = operationId === 'selfRevokeApiKey' ? bearer((await createKey(app, 'self')).secret) : {}
          const reply = await app.inject({ ...request, headers: { ...request.headers, ...own } })
          seen.add(reply.statusCode)
          checkReply(operation, reply)
        }),
        { numRuns: RUNS, examples: examplesOf(operation) },
      )
      // A fuzzer that only ever meets one answer is not looking anywhere.
      expect(seen.size).toBeGreaterThan(/^(listScopes|getApiKeyPolicy|getJwks)$/.test(operationId) ? 0 : 1)
      expect(documented.log.entries().filter(({ level }) => Number(level) >= 50)).toEqual([])
    },
    120_000,
  )
})

function toQuery(fields: unknown): string {
  if (typeof fields !== 'object' || fields === null) return ''
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((each) => `${encode(name)}=${encode(each)}`),
  )
  // Node refuses a first line of more than 16 KiB before anybody sees it.
  return pairs.length ? `?${pairs.join('&').slice(0, 8_000)}` : ''
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return encodeURIComponent(text.toWellFormed())
}
