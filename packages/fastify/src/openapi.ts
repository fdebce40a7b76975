import type { FastifySchema, RouteOptions } from 'fastify'
import { AuditEvent, AuditEventList } from './audit-schemas.ts'
import { problemResponses } from './problem-responses.ts'
import type { WantedScopes } from './key-space.ts'
import type { ProblemCode } from './problem.ts'
import { Problem } from './problem-schema.ts'
import { Quota } from './quota-schemas.ts'
import {
  ApiKey,
  CreateApiKey,
  CreatedApiKey,
  DeletedApiKey,
  RateLimit,
  RetiringSecret,
  RevocationReceipt,
  ScopeList,
  UpdateApiKey,
  UpdatedApiKey,
} from './schemas.ts'
import {
  ChangeApiKeys,
  ChangedApiKey,
  ChangedApiKeys,
  RestoredApiKey,
  RevokeApiKey,
  SelfRevokeApiKey,
  SelfRevokedApiKey,
} from './lifecycle-schemas.ts'
import { ExpiryPolicy, IssuePolicy, KeyPolicy, UpdateKeyPolicy } from './policy-schemas.ts'
import { Revocation } from './revocation-schemas.ts'
import { RotateApiKey, RotatedApiKey, UpdateRetiringSecret } from './rotation-schemas.ts'
import { CreatedToken, CreateToken, JsonWebKeySet } from './token-schemas.ts'
import { ApiKeyList } from './list-schemas.ts'
import { ApiKeysUsage, ApiKeyUsage } from './usage-schemas.ts'
import { ApiKeyRoutes } from './route-use-schemas.ts'
import {
  ApiKeyVerdict,
  ApiKeyVerdicts,
  RateLimitState,
  VerifiedApiKey,
  VerifyApiKey,
  VerifyApiKeys,
} from './verify-schemas.ts'

/** A security scheme of an OpenAPI document, as far as hosts need one here. */
export type SecurityScheme = { description?: string } & (
  | { type: 'apiKey'; in: 'cookie' | 'header' | 'query'; name: string }
  | { type: 'http'; scheme: string; bearerFormat?: string }
  | { type: 'openIdConnect'; openIdConnectUrl: string }
)

/** Schemes that must all be satisfied, each with the scopes it takes. */
export type SecurityRequirement = Record<string, string[]>

/** The two ways to present a key, as security schemes of an OpenAPI document. */
export const apiKeySecuritySchemes = {
  apiKeyBearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `Authorization: Bearer lk_live_...`',
  },
  apiKeyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'An API key, for clients that cannot set `Authorization`.',
  },
} as const satisfies Record<string, SecurityScheme>

/** How a proxy presents its own key, beside the one that it asks about. */
const PROXY_KEY_SCHEME: SecurityScheme = {
  type: 'apiKey',
  in: 'header',
  name: 'X-Latchkey-Key',
  description: "A proxy's own API key, beside that of the request which it asks about.",
}

/** Either way to present a key that has these scopes. */
export function apiKeySecurity(scopes: readonly string[]): SecurityRequirement[] {
  return Object.keys(apiKeySecuritySchemes).map((scheme) => ({ [scheme]: [...scopes] }))
}

/** The same of a request that a proxy asks about with a key of its own. */
export function proxySecurity(scopes: readonly string[]): SecurityRequirement[] {
  return apiKeySecurity([]).map((requirement) => ({ proxyKey: [...scopes], ...requirement }))
}

/** Schemas that the document names and refers to. In the routes they are inline, so that they need nothing of the host. */
const NAMED_SCHEMAS = {
  ApiKey,
  CreatedApiKey,
  UpdatedApiKey,
  DeletedApiKey,
  RevokeApiKey,
  RestoredApiKey,
  ChangeApiKeys,
  ChangedApiKey,
  ChangedApiKeys,
  SelfRevokeApiKey,
  SelfRevokedApiKey,
  ApiKeyRevocation: Revocation,
  RevocationReceipt,
  ApiKeyList,
  ApiKeyUsage,
  ApiKeyAuditEvent: AuditEvent,
  ApiKeyAuditEventList: AuditEventList,
  ApiKeysUsage,
  ApiKeyRoutes,
  ScopeList,
  CreateApiKey,
  UpdateApiKey,
  RotateApiKey,
  RotatedApiKey,
  UpdateRetiringSecret,
  ApiKeyRetiringSecret: RetiringSecret,
  ApiKeyPolicy: KeyPolicy,
  UpdateApiKeyPolicy: UpdateKeyPolicy,
  ApiKeyExpiryPolicy: ExpiryPolicy,
  ApiKeyIssuePolicy: IssuePolicy,
  VerifyApiKey,
  VerifyApiKeys,
  ApiKeyVerdict,
  ApiKeyVerdicts,
  VerifiedApiKey,
  CreateApiKeyToken: CreateToken,
  CreatedApiKeyToken: CreatedToken,
  ApiKeyJsonWebKeySet: JsonWebKeySet,
  ApiKeyRateLimit: RateLimit,
  ApiKeyRateLimitState: RateLimitState,
  ApiKeyQuota: Quota,
  ApiKeyProblem: Problem,
}
const NAMES = new Map<unknown, string>(Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [schema, name]))
const REFERENCE_BASE = '#/components/schemas/'

/** A document while @fastify/swagger writes it, as far as it is looked at. */
export interface OpenApiDocument {
  components?: { schemas?: object; securitySchemes?: object }
  tags?: { name: string; description?: string }[]
}

/** What @fastify/swagger gives a route's own transform; `swaggerObject` is there instead for OpenAPI 2. */
export interface TransformInput {
  schema: FastifySchema
  url: string
  route: Pick<RouteOptions, 'method'>
  openapiObject?: OpenApiDocument
  swaggerObject?: { securityDefinitions?: object }
}

/** What the document as a whole says about one key space. */
export interface DocumentPart {
  tag: { name: string; description: string }
  managementSecurity: Readonly<Record<string, SecurityScheme>>
}

/**
 * Makes the transform of a key route: it adds to the host's document the schemes and schemas that operations
 * refer to, and turns the schemas of the route into references. Being the route's own, it also keeps a host's
 * transform, which may be for Zod, off these schemas.
 */
export function createTransform({
  part,
  security,
  problems,
}: {
  part: DocumentPart
  security: (method: string) => SecurityRequirement[]
  problems: readonly ProblemCode[]
}) {
  return function transform({ schema, url, route, openapiObject, swaggerObject }: TransformInput) {
    if (openapiObject === undefined) {
      addDefinitions(swaggerObject)
      return { url, schema: { ...schema, hide: true } }
    }
    addDocumentPart(openapiObject, part)
    addNamedSchemas(openapiObject, schema)
    const { response, ...rest } = schema
    const described = {
      ...rest,
      tags: [part.tag.name],
      security: security([route.method].flat()[0]!),
      response: { ...(response as object), ...problemResponses(problems) },
    }
    return { url, schema: toReferences(described) as FastifySchema }
  }
}

function addDocumentPart(document: OpenApiDocument, { tag, managementSecurity }: DocumentPart): void {
  const components = (document.components ??= {})
  // What the host says about a scheme of the same name stands.
  components.securitySchemes = {
    ...apiKeySecuritySchemes,
    proxyKey: PROXY_KEY_SCHEME,
    ...managementSecurity,
    ...components.securitySchemes,
  }
  if (!document.tags?.some(({ name }) => name === tag.name)) document.tags = [...(document.tags ?? []), tag]
}

/** Only what is referred to: routes that a host does not switch on leave nothing in its document. */
function addNamedSchemas(document: OpenApiDocument, routeSchema: FastifySchema): void {
  const components = (document.components ??= {})
  const { schemas = {} } = components
  const used = namedSchemasIn(routeSchema).add(Problem)
  // Those that are there already as well, so that their order is always the same.
  const definitions = Object.entries(NAMED_SCHEMAS)
    .filter(([name, schema]) => used.has(schema) || Object.hasOwn(schemas, name))
    .map(([name, schema]): [string, unknown] => [name, toReferences(schema, schema)])
  components.schemas = { ...Object.fromEntries(definitions), ...schemas }
}

function namedSchemasIn(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  if (NAMES.has(value)) found.add(value)
  for (const part of Object.values(value)) namedSchemasIn(part, found)
  return found
}

/** OpenAPI 2 cannot express these routes, but a host's protected ones refer to how keys are sent. */
function addDefinitions(document: TransformInput['swaggerObject']): void {
  if (document === undefined) return
  const { apiKeyHeader } = apiKeySecuritySchemes
  const apiKeyBearer = { ...apiKeyHeader, name: 'Authorization' }
  document.securityDefinitions = { apiKeyBearer, apiKeyHeader, ...document.securityDefinitions }
}

/** A copy in which every named schema is a reference; `root` itself is copied, its parts are not spared. */
function toReferences(value: unknown, root?: unknown): unknown {
  const name = NAMES.get(value)
  if (name !== undefined && value !== root) return { $ref: REFERENCE_BASE + name }
  if (Array.isArray(value)) return value.map((item: unknown) => toReferences(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toReferences(part)]))
}

/** The problems of every route that is opened with a key. */
export const KEY_PROBLEMS: readonly ProblemCode[] = [
  'multiple_credentials',
  'unauthenticated',
  'invalid_key',
  'key_disabled',
  'key_expired',
  'key_pending',
  'key_revoked',
  'key_retired',
  'owner_suspended',
  'insufficient_scope',
  'address_not_allowed',
  'origin_not_allowed',
  'browser_not_allowed',
  'secret_key_required',
  'rate_limited',
  'quota_exceeded',
  'too_many_attempts',
  'unavailable',
]

/**
 * Writes into a host's route what protects it. It changes what the document is made from and nothing else: the
 * schema that Fastify serializes with stays the host's, whose own error bodies it may describe. A response that
 * the host describes itself stands. Where schemas are not JSON Schema (Zod), responses cannot be added.
 */
export function documentProtection(
  route: RouteOptions,
  { scopes, anyScope }: WantedScopes,
  { isJsonSchema }: { isJsonSchema: boolean },
): void {
  const schema = route.schema ?? {}
  // `security` is of FastifySchema only where @fastify/swagger is there to declare it.
  const documented: object = {
    ...schema,
    // Each entry will do by itself, so every scope of which one is enough makes entries of its own.
    security: (anyScope.length > 0 ? anyScope : [null]).flatMap((one) =>
      apiKeySecurity([...new Set([...scopes, ...(one ? [one] : [])])]),
    ),
    ...(isJsonSchema && { response: { ...problemResponses(KEY_PROBLEMS), ...successOf(schema) } }),
  }
  route.schema = documented
}

/** @fastify/swagger describes a default response for a route that has none; one that has others must name it. */
function successOf({ response }: FastifySchema): object {
  return (response as object | undefined) ?? { 200: { description: 'Default Response', type: 'null' } }
}
