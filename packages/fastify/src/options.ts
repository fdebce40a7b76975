import type {
  Actor,
  Database,
  Environment,
  ExpiryPolicy,
  ImportOptions,
  PepperOptions,
  ScopeDeclaration,
  ScopeSet,
  TokenOptions,
  UsageRetentionDays,
} from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'
import { FST_LATCHKEY_OPTION } from './config-errors.ts'
import type { SecurityScheme } from './openapi.ts'

/** What a person may do with the keys of an owner. A viewer sees them; everyone else changes them too. */
export type Role = 'owner' | 'admin' | 'developer' | 'viewer'

/** Who asks to manage keys, and whose. */
export interface Principal {
  /** Whose keys: an id of yours, as that of a workspace. Nobody reaches the keys of another owner. */
  owner: string
  /** The person or program that asks; recorded with every change. */
  actor: Actor
  role: Role
  /**
   * What this person may hand out, null or left out for everything: a key that they create, change or rotate holds
   * nothing else. Sets and `contacts:*` are handed out only by those who hold them as such.
   */
  scopes?: readonly string[] | null | undefined
  /**
   * What the owner may do now, as its plan has it; null: everything. Its keys never can do more, whatever they say:
   * it is kept with the owner when it changes, and held against each use. Left out, what was kept stays.
   */
  ownerScopes?: readonly string[] | null | undefined
  /**
   * Whether this person has shown lately who they are, as by a password or a passkey of the last ten minutes. When
   * false, keys with one of Latchkey's own scopes, which manage other keys, are neither made nor changed, rotated or
   * revoked: that is answered with 401 `reauthentication_required`. Left out: true.
   */
  isProven?: boolean | undefined
}

/**
 * Tells who a request comes from, by the host's own sign-in; null when by nobody. An error with a 4xx
 * `statusCode` is answered as it is, any other with 503.
 */
export type Authorize = (request: FastifyRequest) => Promise<Principal | null> | Principal | null

/** How Latchkey is registered. */
export interface LatchkeyPluginOptions {
  /** Whose keys may this request manage? The host's own sign-in answers, unless the request comes with a key. */
  authorize: Authorize
  /** A `postgres://` URL, a folder for an embedded Postgres, or an open database. Left out: `./.latchkey`. */
  database?: string | Database | undefined
  /**
   * The scopes a key may hold beside those of Latchkey itself, each with a description for people. Publishable keys may hold only those declared as
   * `{ description, public: true }`.
   */
  scopes?: Readonly<Record<string, ScopeDeclaration>> | undefined
  /** Sets of scopes that keys may hold under one name, `@` first: `'@read-only': { description, scopes }`. */
  scopeSets?: Readonly<Record<string, ScopeSet>> | undefined
  /** For how long keys may live: `{ defaultDays, maxDays, allowNever }`. Owners may be stricter, not laxer. */
  expiryPolicy?: Partial<ExpiryPolicy> | undefined
  /** What secrets begin with: `lk` makes `lk_live_...`. */
  keyPrefix?: string | undefined
  /** What publishable keys begin with: `lk_pk` makes `lk_pk_live_...`. `keyPrefix` and `_pk` when left out. */
  publishableKeyPrefix?: string | undefined
  /** Separates key spaces: a key of one namespace is unknown in every other. */
  namespace?: string | undefined
  /** Where the key routes live. */
  routePrefix?: string | undefined
  /** If set, keys of the other environment are refused. */
  environment?: Environment | undefined
  /**
   * What the holder of a known key learns when it is refused: `reasons` tells expired, disabled and revoked
   * apart, `uniform` tells nothing. Unknown and malformed keys are never told apart.
   */
  rejections?: 'reasons' | 'uniform' | undefined
  /** Whether to bring the database's schema up to date at start; when false, it is only checked. */
  migrate?: boolean | undefined
  /** How many keys an owner may have that are not revoked. */
  maxKeysPerOwner?: number | undefined
  /** For how many seconds a revoked key can be restored: 604,800, a week, when left out; 0: never. */
  restoreWindowSeconds?: number | undefined
  /** For how many days the records of revoked keys are kept: 90 when left out, null for ever. */
  revokedKeyRetentionDays?: number | null | undefined
  /**
   * For how many days requests are kept counted: 7 by the minute, 90 by the quarter of an hour, from which hours and
   * the days of every time zone are made, and 730 by the UTC day, when left out.
   */
  usageRetentionDays?: Partial<UsageRetentionDays> | undefined
  /** Which keys of other systems are accepted beside Latchkey's own, once `app.latchkey.imports` has imported them. */
  imports?: ImportOptions | undefined
  /** Secrets beside the database, without which nothing that it keeps of keys can be compared with a key. */
  peppers?: PepperOptions | undefined
  /**
   * Lets keys exchange themselves for tokens of minutes, which others verify without asking here: `{ issuer, audiences,
   * encryptionKey, lifetimeSeconds }`. None can when left out.
   */
  tokens?: TokenOptions | undefined
  /** How people sign in to the key routes, for the OpenAPI document: security schemes by name, any of which will do. */
  managementSecurity?: Readonly<Record<string, SecurityScheme>> | undefined
}

/** The options with every default in its place. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>

const KNOWN_OPTIONS = new Set<string>([
  'authorize',
  'database',
  'scopes',
  'scopeSets',
  'expiryPolicy',
  'keyPrefix',
  'publishableKeyPrefix',
  'namespace',
  'routePrefix',
  'environment',
  'rejections',
  'migrate',
  'maxKeysPerOwner',
  'restoreWindowSeconds',
  'revokedKeyRetentionDays',
  'usageRetentionDays',
  'imports',
  'peppers',
  'tokens',
  'managementSecurity',
] satisfies (keyof LatchkeyPluginOptions)[])

/** Says nothing about what it is, since the plugin cannot know; a host that publishes its document names its own. */
const UNNAMED_SIGN_IN: Readonly<Record<string, SecurityScheme>> = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'session',
    description: 'The sign-in of the application that these keys belong to.',
  },
}

/** Checks what TypeScript cannot, and fills in the defaults. What concerns keys themselves the engine checks. */
export function resolveOptions(options: LatchkeyPluginOptions) {
  assertKnown(options)
  const {
    authorize,
    database,
    scopes = {},
    scopeSets,
    expiryPolicy,
    keyPrefix = 'lk',
    publishableKeyPrefix,
    namespace = 'default',
    routePrefix = '/v1/api-keys',
    environment,
    rejections = 'reasons',
    migrate = true,
    maxKeysPerOwner = 10_000,
    restoreWindowSeconds,
    revokedKeyRetentionDays,
    usageRetentionDays,
    imports,
    peppers,
    tokens,
    managementSecurity = UNNAMED_SIGN_IN,
  } = options

  if (typeof authorize !== 'function') {
    throw new FST_LATCHKEY_OPTION(
      'say who may manage which keys: pass `authorize`, a function that returns { owner, actor, role }, or null for nobody.',
    )
  }
  if (!/^\/[^?#\s]*[^/?#\s]$/.test(routePrefix)) {
    throw new FST_LATCHKEY_OPTION(
      `\`routePrefix\` must begin with "/" and not end with it, as "/v1/api-keys"; it is ${JSON.stringify(routePrefix)}.`,
    )
  }
  assertOneOf('environment', environment, ['live', 'test', undefined])
  assertOneOf('rejections', rejections, ['reasons', 'uniform'])
  if (!Number.isInteger(maxKeysPerOwner) || maxKeysPerOwner < 1) {
    throw new FST_LATCHKEY_OPTION('`maxKeysPerOwner` must be a whole number of at least 1.')
  }
  return {
    authorize,
    database,
    scopes,
    scopeSets,
    expiryPolicy,
    keyPrefix,
    publishableKeyPrefix,
    namespace,
    routePrefix,
    environment,
    rejections,
    migrate,
    maxKeysPerOwner,
    restoreWindowSeconds,
    revokedKeyRetentionDays,
    usageRetentionDays,
    imports,
    peppers,
    tokens,
    managementSecurity,
  }
}

/** A misspelt option would be ignored in silence; one that opens or closes doors must not be. */
function assertKnown(options: object): void {
  for (const name of Object.keys(options)) {
    if (KNOWN_OPTIONS.has(name)) continue
    throw new FST_LATCHKEY_OPTION(
      name === 'prefix'
        ? '`prefix` has no effect on a plugin that shares its scope: use `routePrefix`.'
        : `there is no option \`${name}\`. There are: ${[...KNOWN_OPTIONS].join(', ')}.`,
    )
  }
}

function assertOneOf<T>(name: string, value: T, allowed: readonly T[]): void {
  if (allowed.includes(value)) return
  const choices = allowed.filter((choice) => choice !== undefined).map((choice) => JSON.stringify(choice))
  throw new FST_LATCHKEY_OPTION(`\`${name}\` must be ${choices.join(' or ')}.`)
}
