import { randomUUID } from 'node:crypto'
import { createKeyCache } from './cache.ts'
import { createKeys, type Keys } from './keys.ts'
import { resolveOptions, type LatchkeyOptions } from './latchkey-options.ts'
import { listenToChanges } from './postgres/changes.ts'
import { openDatabase, type Database } from './postgres/database.ts'
import { assertMigrated, migrate } from './postgres/migrate.ts'
import { createPostgresStore } from './postgres/store.ts'
import { createUsageStore } from './postgres/usage-store.ts'
import { createUsageRecorder } from './usage.ts'
import { prepareKey } from './verdict.ts'
import { createVerifier, type Verify } from './verify.ts'

const USAGE_FLUSH_INTERVAL_MS = 10_000

/** The keys of one namespace: their management, and the verdicts on what callers present. */
export interface Latchkey {
  readonly namespace: string
  readonly keyPrefix: string
  readonly scopes: Readonly<Record<string, string>>
  readonly keys: Keys
  /**
   * Judges a secret. The verdict comes at once when the key was seen in the last seconds, and as a promise when
   * the database must be asked. That promise rejects with StoreUnavailable when there is no answer within two
   * seconds; nothing is ever guessed.
   *
   * @example
   * const verdict = await latchkey.verify(secret, { scopes: ['contacts:read'] })
   * if (verdict.ok) console.log(verdict.key.owner)
   */
  readonly verify: Verify
  /** Resolves when the database answers; rejects with StoreUnavailable. */
  ready(): Promise<void>
  /** Stores the last uses, stops listening, and closes the database if it was opened for this Latchkey. */
  close(): Promise<void>
}

/**
 * Opens the keys of a namespace.
 *
 * @throws Error with a sentence that says what to change when an option or the database's schema does not fit.
 * @throws StoreUnavailable when the database cannot be reached.
 *
 * @example
 * const latchkey = await createLatchkey({
 *   database: process.env.DATABASE_URL,
 *   scopes: { 'contacts:read': 'Read contacts' },
 * })
 */
export async function createLatchkey(options: LatchkeyOptions = {}): Promise<Latchkey> {
  const settings = resolveOptions(options)
  const { database: given } = settings
  if (typeof given === 'object') return connect(given, settings, () => Promise.resolve())

  const database = await openDatabase(given)
  try {
    return await connect(database, settings, () => database.close())
  } catch (error) {
    await database.close()
    throw error
  }
}

async function connect(
  database: Database,
  settings: ReturnType<typeof resolveOptions>,
  release: () => Promise<void>,
): Promise<Latchkey> {
  const { namespace, keyPrefix, scopes, now, onError } = settings
  await (settings.migrate ? migrate : assertMigrated)(database)

  const store = createPostgresStore(database, namespace)
  const usageStore = createUsageStore(database, namespace, randomUUID())
  const usage = createUsageRecorder({
    save: usageStore.save,
    onLost: (requests) =>
      onError(new Error(`${requests} requests were not counted: too many counts wait for the database.`)),
  })
  const cache = createKeyCache({
    load: async (hash) => {
      const apiKey = await store.findByHash(hash)
      return apiKey && prepareKey(apiKey)
    },
  })
  const stopListening = await listenToChanges(database, { onChange: cache.invalidate, onGap: cache.clear })
  const flush = () => usage.flush().catch(onError)
  const flushTimer = setInterval(() => void flush(), USAGE_FLUSH_INTERVAL_MS).unref()
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    clearInterval(flushTimer)
    await Promise.all([flush(), stopListening()])
    await release()
  }

  return {
    namespace,
    keyPrefix,
    scopes,
    keys: createKeys({ ...settings, store, cache }),
    verify: createVerifier({ cache, usage, now }),
    ready: () => store.ping(),
    close: () => (closing ??= close()),
  }
}
