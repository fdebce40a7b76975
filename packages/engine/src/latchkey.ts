import { randomUUID } from 'node:crypto'
import { createAttempts } from './attempts.ts'
import { createAudit, type Audit } from './audit.ts'
import { createKeyCache, type LoadKey } from './cache.ts'
import { within } from './deadline.ts'
import { createDirectory, type Directory } from './directory.ts'
import type { ExpiryPolicy } from './expiry-policy.ts'
import { assertCheckable } from './import-options.ts'
import { createImportedKeys, type LookUp } from './imported-keys.ts'
import { createImports, type Imports } from './imports.ts'
import { createHolders, type Holders } from './holders.ts'
import { createKeys, type Keys } from './keys.ts'
import { createLookUp } from './look-up.ts'
import { createQuotaLeases } from './quota-leases.ts'
import { createRateLimiter } from './rate-limit.ts'
import type { Nodes } from './nodes.ts'
import { createOwners, type Owners } from './owners.ts'
import { resolveOptions, type LatchkeyOptions } from './latchkey-options.ts'
import { assertPeppers } from './pepper-boot.ts'
import { createPepperUpkeep, type PepperUpkeep } from './pepper-upkeep.ts'
import { createPepperedKeys, type LookUpOneOf } from './peppered-keys.ts'
import { NO_PEPPERS } from './peppers.ts'
import { createAuditStore } from './postgres/audit-store.ts'
import { createChangeLog } from './postgres/change-log.ts'
import { followChanges } from './postgres/changes.ts'
import { openDatabase, type Database } from './postgres/database.ts'
import { createDirectoryStore } from './postgres/directory-store.ts'
import { createImportStore } from './postgres/import-store.ts'
import { assertMigrated, migrate } from './postgres/migrate.ts'
import { createOwnerStore } from './postgres/owner-store.ts'
import { createPepperStore } from './postgres/pepper-store.ts'
import { createQuotaStore } from './postgres/quota-store.ts'
import { createSigningKeyStore } from './postgres/signing-key-store.ts'
import { createRouteUseStore } from './postgres/route-use-store.ts'
import { createPostgresStore } from './postgres/store.ts'
import { createTombstoneStore } from './postgres/tombstone-store.ts'
import { createUsageStore } from './postgres/usage-store.ts'
import { keepPurging } from './purge-upkeep.ts'
import { createReceipts } from './receipts.ts'
import { createRedigest } from './redigest.ts'
import { createRouteUseReport, type ReportRouteUse } from './route-use-report.ts'
import { keepRouteUses } from './route-use-upkeep.ts'
import { createRouteUses, type KeyRoute, type RouteCounter } from './route-uses.ts'
import type { ScopeSet } from './scopes.ts'
import { createSlowChecks } from './slow-checks.ts'
import type { Tokens } from './tokens.ts'
import { createUsage, type Usage } from './usage-series.ts'
import { keepUsage } from './usage-upkeep.ts'
import { createUsageRecorder } from './usage.ts'
import { prepareKey, type KeyFacts } from './verdict.ts'
import { createVerifier, createWaysOf, type Verify, type Ways, type WaysOptions } from './verify.ts'

const SWEEP_INTERVAL_MS = 10_000
const FORGET_REQUESTS_INTERVAL_MS = 60_000
const READ_NODES_DEADLINE_MS = 5_000
/** Statements under way at once for keys that no cache knows. More are quicker only until the database has no rest. */
const MAX_READS = 8
/** Look-ups that wait: what the database does in a fraction of a second. */
const MAX_WAITING = 2_000
/**
 * Clients that presented many wrong secrets get about 1,600 look-ups a second together. Without a pace a flood fills
 * each turn of the event loop, and a caller with a good key waits for the rest of the turn.
 */
const SUSPECTS = { maxReads: 1, maxWaiting: MAX_WAITING, maxHashesPerRead: 8, pauseMs: 4 }

/** Finds the key of a text by its hash before any pepper, and perhaps by others. */
type Search = (hash: string, lookUp: LookUp, isSuspect: boolean) => Promise<KeyFacts | null>

/** The keys of one namespace: their management, their usage, and the verdicts on what callers present. */
export interface Latchkey {
  readonly namespace: string
  readonly keyPrefix: string
  readonly publishableKeyPrefix: string
  /** The scopes that were declared. */
  readonly scopes: Readonly<Record<string, string>>
  /** Those of the scopes that publishable keys may hold. */
  readonly publicScopes: readonly string[]
  readonly scopeSets: Readonly<Record<string, ScopeSet>>
  /** The host's; owners may be stricter. */
  readonly expiryPolicy: ExpiryPolicy
  readonly keys: Keys
  readonly imports: Imports
  readonly usage: Usage
  /** Which routes keys open, as whoever guards them counts it. */
  readonly routeUses: {
    readonly counterOf: (route: KeyRoute) => RouteCounter
    readonly ofKey: ReportRouteUse
  }
  readonly owners: Owners
  readonly audit: Audit
  /** The keys of all owners, for the people who run the host. */
  readonly directory: Directory
  readonly nodes: Nodes
  /** null without the option. */
  readonly peppers: PepperUpkeep | null
  /** null without the option `tokens`. */
  readonly tokens: Tokens | null
  /**
   * Judges a secret. The verdict comes at once when the key was seen in the last seconds, and as a promise when
   * the database must be asked. That promise rejects with StoreUnavailable when there is no answer within two
   * seconds, or several times that at the first use of an imported key; nothing is ever guessed.
   *
   * @example
   * const verdict = await latchkey.verify(secret, { scopes: ['contacts:read'] })
   * if (verdict.ok) console.log(verdict.key.owner)
   */
  readonly verify: Verify
  readonly holders: Holders
  /** Resolves when the database answers; rejects with StoreUnavailable. */
  ready(): Promise<void>
  /** Stores what was counted, gives unspent credits back, signs off, and closes the database if it was opened for this Latchkey. */
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
  const { namespace, keyPrefix, catalog, formats, now, onError } = settings
  await assertCheckable(formats)
  await (settings.migrate ? migrate : assertMigrated)(database)

  const node = randomUUID()
  const store = createPostgresStore(database, namespace, catalog)
  const pepperStore = createPepperStore(database, namespace)
  const peppers = settings.peppers ?? NO_PEPPERS
  await assertPeppers(pepperStore, peppers, new Date(now()))
  const ownerStore = createOwnerStore(database, namespace)
  const log = createChangeLog(database, { node, namespace })
  const usageStore = createUsageStore(database, namespace, node)
  const usage = createUsageRecorder({
    save: usageStore.save,
    onLost: (requests) =>
      onError(new Error(`${requests} requests were not counted: too many counts wait for the database.`)),
  })
  const routeUseStore = createRouteUseStore(database, namespace, randomUUID())
  const routeUses = createRouteUses({ save: routeUseStore.save, now })
  const limiter = createRateLimiter()
  const quotas = createQuotaLeases({ store: createQuotaStore(database), now, onError })
  const redigest = createRedigest({
    save: (moves) => pepperStore.redigest(moves, peppers.current!),
    onError,
  })
  const known = createKeyCache({ now })
  const peppered = settings.peppers && createPepperedKeys({ peppers, cache: known, redigest, now })
  const cache = peppered?.cache ?? known
  const prepare = (facts: KeyFacts) =>
    prepareKey(facts, {
      limits: limiter.limitsOf(facts.id, facts.rateLimits, now()),
      quota: quotas.quotaOf(facts.id, facts.allotment),
      meterOf: usage.meterOf,
    })
  const loadFrom = (lookUp: LookUp): LoadKey =>
    async function load(hash) {
      const facts = await lookUp(hash)
      return facts && prepare(facts)
    }
  const look = {
    one: (hash: string) => store.findByHash(hash),
    many: (hashes: readonly string[]) => store.findByHashes(hashes),
  }
  const lookUp = createLookUp({ ...look, maxReads: MAX_READS, maxWaiting: MAX_WAITING })
  const lookUpForSuspects = createLookUp({ ...look, ...SUSPECTS })
  /** The ways for a text whose key is found in a way of its own. */
  function waysFor(text: string, search: Search): Ways {
    const loadBy = (by: LookUpOneOf & LookUp, isSuspect: boolean) =>
      loadFrom((hash) =>
        peppered
          ? peppered.find(text, hash, {
              lookUp: by,
              search: (digest, look) => search(digest, look, isSuspect),
            })
          : search(hash, by, isSuspect),
      )
    return { load: loadBy(lookUp, false), loadForSuspects: loadBy(lookUpForSuspects, true) }
  }
  const importStore = createImportStore(database, namespace, peppers)
  const imported = createImportedKeys({ formats, store: importStore, checkSlowly: createSlowChecks() })
  function waysOfImported(text: string): Ways | null {
    const candidates = imported.candidatesOf(text)
    if (candidates === null) return null
    return waysFor(text, (hash, by, isSuspect) =>
      imported.find({ text, hash, candidates }, { lookUp: by, isSuspect }),
    )
  }
  const news = { onChange: cache.invalidate, onGap: cache.clear, onCurrent: cache.confirm }
  const tokens = await openTokens(database, settings)
  const changes = await followChanges({ database, log, namespace, ...news, now, onError }).catch(
    async (error: unknown) => {
      await tokens?.close()
      throw error
    },
  )
  const awaitReceipt = createReceipts({
    confirm: (sequence) => changes.confirm(sequence),
    readReceipt: (sequence) => log.readReceipt(sequence),
  })
  const attempts = createAttempts()
  const ways: WaysOptions = {
    load: loadFrom(lookUp),
    loadForSuspects: loadFrom(lookUpForSuspects),
    waysOfImported: formats.size === 0 ? undefined : waysOfImported,
    waysOfOwn: peppered ? (text) => waysFor(text, (digest, by) => by(digest)) : undefined,
  }
  const stopUsage = keepUsage({ ...settings, recorder: usage, store: usageStore })
  const stopRouteUses = keepRouteUses({ uses: routeUses, store: routeUseStore, now, onError })
  const stopPurging = keepPurging({ ...settings, store: createTombstoneStore(database, namespace) })
  const sweepTimer = setInterval(() => {
    limiter.sweep(now())
    quotas.sweep()
    peppered?.sweep()
  }, SWEEP_INTERVAL_MS).unref()
  let forgetting: Promise<void> | undefined
  const forgetTimer = setInterval(() => {
    forgetting = store.forgetRequests(new Date(now())).catch(onError)
  }, FORGET_REQUESTS_INTERVAL_MS).unref()
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    clearInterval(sweepTimer)
    clearInterval(forgetTimer)
    await Promise.all([
      stopUsage(),
      stopRouteUses(),
      stopPurging(),
      quotas.close(),
      changes.stop(),
      redigest.stop(),
      tokens?.close(),
      forgetting,
    ])
    await release()
  }

  return {
    namespace,
    keyPrefix,
    publishableKeyPrefix: settings.publishableKeyPrefix,
    scopes: catalog.declared,
    publicScopes: catalog.publicNames,
    scopeSets: catalog.sets,
    expiryPolicy: settings.expiryPolicy,
    keys: createKeys({ ...settings, store, owners: ownerStore, cache, peppers, awaitReceipt }),
    owners: createOwners({ store: ownerStore, catalog, forgetKeys: cache.clear, awaitReceipt, now }),
    audit: createAudit({ store: createAuditStore(database, namespace), namespace }),
    directory: createDirectory({ store: createDirectoryStore(database, namespace), peppers }),
    nodes: { list: () => within(READ_NODES_DEADLINE_MS, log.readNodes(), () => database.reportOverdue()) },
    peppers: settings.peppers && createPepperUpkeep({ peppers, store: pepperStore, now }),
    tokens,
    imports: createImports({ ...settings, store: importStore }),
    usage: createUsage({ ...settings, store: usageStore }),
    routeUses: {
      counterOf: routeUses.counterOf,
      ofKey: createRouteUseReport({ store: routeUseStore, catalog, now }),
    },
    verify: createVerifier({ ...ways, hashOf: peppers.hashOf, cache, attempts, usage, now }),
    holders: createHolders({
      ...settings,
      peppers,
      waysOf: createWaysOf(ways),
      attempts,
      store,
      cache,
      awaitReceipt,
    }),
    ready: () => store.ping(),
    close: () => (closing ??= close()),
  }
}

/** Loads what signs only where something is signed. */
async function openTokens(database: Database, options: ReturnType<typeof resolveOptions>) {
  const { tokens: settings, namespace } = options
  if (settings === null) return null
  const { createTokens } = await import('./tokens.ts')
  return createTokens({ ...options, settings, store: createSigningKeyStore(database, namespace) })
}
