import { resolveExpiryPolicy, type ExpiryPolicy } from './expiry-policy.ts'
import { resolveFormats, type ImportOptions } from './import-options.ts'
import type { PepperOptions } from './pepper-options.ts'
import { createPeppers } from './peppers.ts'
import type { Database } from './postgres/database.ts'
import { createScopeCatalog, type ScopeDeclaration, type ScopeSet } from './scopes.ts'
import { isKeyPrefix } from './secret.ts'
import { resolveTombstones } from './tombstone-options.ts'
import { resolveTokenOptions, type TokenOptions } from './token-options.ts'
import { resolveRetention, type UsageRetentionDays } from './usage-retention.ts'

/** How a Latchkey is set up. */
export interface LatchkeyOptions {
  /** An open database, or what `openDatabase` takes. What is opened for this Latchkey is closed with it. */
  database?: Database | string | undefined
  /** Keys of one namespace are unknown in every other. `default` when left out. */
  namespace?: string | undefined
  /** What new secrets begin with; `lk` when left out. */
  keyPrefix?: string | undefined
  /** What new publishable ones begin with; `keyPrefix` and `_pk` when left out. */
  publishableKeyPrefix?: string | undefined
  /**
   * The scopes a key may hold beside those of Latchkey itself, each with a description for people. Publishable keys may hold only those declared as
   * `{ description, public: true }`.
   */
  scopes?: Readonly<Record<string, ScopeDeclaration>> | undefined
  /** Sets of scopes that keys may hold under one name, `@` first: `'@read-only': { description, scopes }`. */
  scopeSets?: Readonly<Record<string, ScopeSet>> | undefined
  /** For how long keys may live; for ever when left out. Owners may be stricter, not laxer. */
  expiryPolicy?: Partial<ExpiryPolicy> | undefined
  /** Whether to bring the database's schema up to date, as when left out; when false, it is only checked. */
  migrate?: boolean | undefined
  /** How many keys an owner may have that are not revoked; 10,000 when left out. */
  maxKeysPerOwner?: number | undefined
  /**
   * For how many seconds a revocation can be taken back; 604,800, a week, when left out; 0: never. What was said when a key
   * was revoked stands.
   */
  restoreWindowSeconds?: number | undefined
  /**
   * For how many days the records of revoked keys are kept, which is no less than they can be restored; 90 when left out,
   * null for ever. The same on every node.
   */
  revokedKeyRetentionDays?: number | null | undefined
  /** How long a create can be repeated with its Idempotency-Key; 600 when left out. */
  idempotencyWindowSeconds?: number | undefined
  /**
   * For how many days requests are kept counted: 7 by the minute, 90 by the quarter of an hour, from which hours and
   * the days of every time zone are made, and 730 by the UTC day, when left out. The same on every node.
   */
  usageRetentionDays?: Partial<UsageRetentionDays> | undefined
  /** Which keys of other systems are accepted beside Latchkey's own; none when left out. The same on every node. */
  imports?: ImportOptions | undefined
  /**
   * Secrets beside the database, with which what it keeps of a key can be compared with the key and without which it
   * cannot; none when left out. The same on every node.
   */
  peppers?: PepperOptions | undefined
  /** Lets keys exchange themselves for tokens of minutes; none can when left out. The same on every node. */
  tokens?: TokenOptions | undefined
  /** Milliseconds since 1970, for tests. */
  now?: (() => number) | undefined
  /** Told of trouble in the background, which no caller waits for. A process warning when left out. */
  onError?: ((error: Error) => void) | undefined
}

const NAMESPACE = /^[a-z][a-z0-9_-]{0,62}$/

/** Fills in what was left out and refuses what cannot work. @throws Error, a sentence for the developer. */
export function resolveOptions(options: LatchkeyOptions) {
  const { keyPrefix = 'lk' } = options
  const resolved = {
    database: options.database,
    namespace: options.namespace ?? 'default',
    keyPrefix,
    // A prefix as long as it may be has no room for more, so it loses its end.
    publishableKeyPrefix: options.publishableKeyPrefix ?? `${keyPrefix.slice(0, 13)}_pk`,
    catalog: createScopeCatalog(options.scopes ?? {}, options.scopeSets ?? {}),
    expiryPolicy: resolveExpiryPolicy(options.expiryPolicy),
    migrate: options.migrate ?? true,
    maxKeysPerOwner: options.maxKeysPerOwner ?? 10_000,
    ...resolveTombstones(options),
    idempotencyWindowSeconds: options.idempotencyWindowSeconds ?? 600,
    usageRetentionDays: resolveRetention(options.usageRetentionDays),
    formats: resolveFormats(options.imports),
    peppers: options.peppers === undefined ? null : createPeppers(options.peppers),
    tokens: resolveTokenOptions(options.tokens),
    now: options.now ?? Date.now,
    onError: options.onError ?? ((error: Error) => process.emitWarning(error)),
  }
  if (!NAMESPACE.test(resolved.namespace)) {
    throw new Error('namespace must be 1 to 63 of a-z, 0-9, "_" and "-", and begin with a letter.')
  }
  for (const option of ['keyPrefix', 'publishableKeyPrefix'] as const) {
    if (isKeyPrefix(resolved[option])) continue
    throw new Error(
      `${option} must be 1 to 16 of a-z, 0-9 and "_", begin with a letter and not end with "_".`,
    )
  }
  if (resolved.publishableKeyPrefix === keyPrefix) {
    throw new Error(
      'publishableKeyPrefix must differ from keyPrefix, so that everybody can tell the keys apart.',
    )
  }
  for (const option of ['maxKeysPerOwner', 'idempotencyWindowSeconds'] as const) {
    if (!Number.isSafeInteger(resolved[option]) || resolved[option] < 1) {
      throw new Error(`${option} must be a whole number, 1 or more.`)
    }
  }
  return resolved
}
