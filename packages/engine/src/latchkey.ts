import { createKeyCache } from './cache.ts'
import { createKeys, type Keys } from './keys.ts'
import { listenToChanges } from './postgres/changes.ts'
import { openDatabase, type Database } from './postgres/database.ts'
import { assertMigrated, migrate as migrateDatabase } from './postgres/migrate.ts'
import { createPostgresStore } from './postgres/store.ts'
import { isKeyPrefix } from './secret.ts'
import { createUsageRecorder } from './usage.ts'
import { prepareKey } from './verdict.ts'
import { createVerifier, type Verify } from './verify.ts'

const USAGE_FLUSH_INTERVAL_MS = 10_000
const NAMESPACE = /^[a-z][a-z0-9_-]{0,62}$/
/** The characters of RFC 6750's scope-token: a scope is also told in the header WWW-Authenticate. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/

/** How a Latchkey is set up. */
export interface LatchkeyOptions {
  /** An open database, or what {@link openDatabase} takes. What is opened here is closed by `close`. */
  database?: Database | string | undefined
  /** Keys of one namespace are unknown in every other. */
  namespace?: string | undefined
  /** What new secrets begin with. */
  keyPrefix?: string | undefined
  /** The scopes a key may hold, each with a description for people. */
  scopes?: Readonly<Record<string, string>> | undefined
  /** Whether to bring the database's schema up to date; when false, it is only checked. */
  migrate?: boolean | undefined
  /** How many keys an owner may have that are not revoked. */
  maxKeysPerOwner?: number | undefined
  /** How long a create can be repeated with its Idempotency-Key. */
  idempotencyWindowSeconds?: number | undefined
  /** Milliseconds since 1970, for tests. */
  now?: (() => number) | undefined
  /** Told of trouble in the background, which no caller waits for. */
  onError?: ((error: Error) => void) | undefined
}

/** The keys of one namespace: their management, and the verdicts on what callers present. */
export interface Latchkey {
  readonly namespace: string
  readonly keyPrefix: string
  readonly scopes: Readonly<Record<string, string>>
  readonly keys: Keys
  /**
   * Judges a secret. The verdict comes at once when the key was seen in the last seconds, and as a promise when
   * the database must be asked. It throws or rejects with StoreUnavailable, and never guesses.
   *
   * @example
   * const verdict = await latchkey.verify(secret, { scopes: ['contacts:read'] })
   * if (verdict.ok) console.log(verdict.key.owner)
   */
  readonly verify: Verify
  /** Resolves when the database answers; rejects with StoreUnavailable. */
  ready(): Promise<void>
  /** Stores the last uses, stops listening, and closes the database if it was opened here. */
  close(): Promise<void>
}

/**
 * Opens the keys of a namespace.
 *
 * @throws Error with a sentence that says what to change when an option or the database's schema does not fit.
 * @throws StoreUnavailable when the database cannot be reached.
 */
export async function createLatchkey(options: LatchkeyOptions = {}): Promise<Latchkey> {
  const { namespace = 'default', keyPrefix = 'lk', scopes = {}, migrate = true } = options
  const { maxKeysPerOwner = 10_000, idempotencyWindowSeconds = 600, now = Date.now } = options
  const { onError = (error: Error) => process.emitWarning(error) } = options
  assertOptions({ namespace, keyPrefix, scopes })

  const isOwn = typeof options.database !== 'object'
  const database =
    typeof options.database === 'object' ? options.database : await openDatabase(options.database)
  try {
    await (migrate ? migrateDatabase : assertMigrated)(database)
    const store = createPostgresStore(database, namespace)
    const cache = createKeyCache({
      load: async (hash) => {
        const apiKey = await store.findByHash(hash)
        return apiKey && prepareKey(apiKey)
      },
    })
    const usage = createUsageRecorder(store.saveLastUses)
    const stopListening = await listenToChanges(database, { onChange: cache.invalidate, onGap: cache.clear })
    const flush = () => usage.flush().catch(onError)
    const flushTimer = setInterval(flush, USAGE_FLUSH_INTERVAL_MS).unref()
    let closing: Promise<void> | undefined

    async function close(): Promise<void> {
      clearInterval(flushTimer)
      await flush()
      await stopListening().catch(onError)
      if (isOwn) await database.close()
    }

    return {
      namespace,
      keyPrefix,
      scopes: Object.freeze({ ...scopes }),
      keys: createKeys({
        store,
        cache,
        namespace,
        keyPrefix,
        scopes,
        maxKeysPerOwner,
        idempotencyWindowSeconds,
        now,
      }),
      verify: createVerifier({ cache, usage, now }),
      ready: () => store.ping(),
      close: () => (closing ??= close()),
    }
  } catch (error) {
    if (isOwn) await database.close()
    throw error
  }
}

function assertOptions({
  namespace,
  keyPrefix,
  scopes,
}: Required<Pick<LatchkeyOptions, 'namespace' | 'keyPrefix' | 'scopes'>> & object): void {
  if (!NAMESPACE.test(namespace!)) {
    throw new Error('namespace must be 1 to 63 of a-z, 0-9, "_" and "-", and begin with a letter.')
  }
  if (!isKeyPrefix(keyPrefix!)) {
    throw new Error(
      'keyPrefix must be 1 to 16 of a-z, 0-9 and "_", begin with a letter and not end with "_".',
    )
  }
  for (const scope of Object.keys(scopes!)) {
    if (!SCOPE.test(scope)) {
      throw new Error(
        `The scope ${JSON.stringify(scope)} must be 1 to 64 printable ASCII characters but " and \\.`,
      )
    }
  }
}
