import type { Author } from './author.ts'
import type { Actor, ApiKey, KeyState, Metadata } from './key.ts'
import type { KeyKind } from './key-kind.ts'
import type { OwnerSettings, Suspension } from './owners.ts'
import type { StoredHash } from './peppers.ts'
import type { Environment } from './secret.ts'
import type { QuotaChange } from './quota-input.ts'
import type { QuotaDefinition } from './quota.ts'
import type { RateLimit } from './rate-limit.ts'
import type { UnconfirmedChange } from './receipts.ts'
import type { RevocationReason } from './revocation.ts'
import type { KeyFacts } from './verdict.ts'

/** A key that does not exist yet, with everything the caller decides about it. */
export interface NewKey extends StoredHash {
  id: string
  owner: string
  kind: KeyKind
  start: string
  name: string
  environment: Environment
  scopes: readonly string[]
  metadata: Metadata
  allowedIps: readonly string[]
  allowedOrigins: readonly string[]
  blockBrowsers: boolean
  rateLimits: readonly RateLimit[]
  rotateEveryDays: number | null
  quota: QuotaDefinition | null
  createdAt: Date
  createdBy: Actor
  expiresAt: Date | null
  notBefore: Date | null
}

/** What is kept of a create, for a while, so that the same request can be answered again in the same way. */
export interface IdempotencyRecord {
  /** Digest of whose request it is and of its Idempotency-Key. */
  id: Uint8Array
  /** Digest of what was asked. */
  fingerprint: Uint8Array
  /** The secret, readable only with the Idempotency-Key. */
  sealedSecret: Uint8Array
  expiresAt: Date
}

/** The outcome of {@link KeyStore.create}. */
export type Created =
  | { outcome: 'created'; apiKey: ApiKey }
  | { outcome: 'too_many_keys' }
  /** The same request was answered before; here is what was kept of it, and its key as it is now. */
  | { outcome: 'replay'; apiKey: ApiKey; record: Pick<IdempotencyRecord, 'fingerprint' | 'sealedSecret'> }
  /** The same request is being answered right now. */
  | { outcome: 'in_flight' }

/** What a change may set: columns, and the quota. */
export interface KeyChanges {
  name?: string
  scopes?: readonly string[]
  metadata?: Metadata
  allowedIps?: readonly string[]
  allowedOrigins?: readonly string[]
  blockBrowsers?: boolean
  rateLimits?: readonly RateLimit[]
  rotateEveryDays?: number | null
  quota?: QuotaChange | null
  expiresAt?: Date | null
  notBefore?: Date | null
  disabledAt?: Date | null
  revokedAt?: Date | null
  /** null: unspecified. */
  revocationReason?: RevocationReason | null
  revocationNote?: string | null
  restorableUntil?: Date | null
}

/** What a change decides when it sees the current record: new values, none at all, or a refusal. */
export type Decision<Refusal> = { ok: true; changes: KeyChanges | null } | { ok: false; refusal: Refusal }

/**
 * The outcome of {@link KeyStore.change}. `hashes` is there so that the caller can forget what it had cached, and
 * `unconfirmed`, when the key stopped being good, so that it can wait until every node has.
 */
export type Changed<Refusal> =
  | { outcome: 'changed'; apiKey: ApiKey; hashes: readonly string[]; unconfirmed: UnconfirmedChange | null }
  | { outcome: 'refused'; refusal: Refusal }
  | { outcome: 'not_found' }

/** The outcome of {@link KeyStore.changeMany}: what became of each key, and what to wait for so that all are done. */
export interface ChangedMany<Refusal> {
  results: readonly (
    | { outcome: 'changed'; apiKey: ApiKey; hashes: readonly string[] }
    | { outcome: 'refused'; refusal: Refusal }
    | { outcome: 'not_found' }
  )[]
  unconfirmed: UnconfirmedChange | null
}

/** What {@link KeyStore.changeMany} keeps to. */
export interface ChangeManyOptions {
  /** How many keys that are not revoked the owner may have: exact, however many creates run at once. */
  maxKeys?: number | undefined
  /** A key whose present secret has none of these hashes is not found. */
  hashes?: readonly string[] | undefined
}

/** A new secret for a key that exists, and when the one that it replaces ends. */
export interface NewSecret extends StoredHash {
  start: string
  endsAt: Date
  idempotency: IdempotencyRecord | null
}

/** The outcome of {@link KeyStore.rotate}. `hashes` are of secrets that were replaced. */
export type Rotated<Refusal> =
  | { outcome: 'rotated'; apiKey: ApiKey; hashes: readonly string[]; unconfirmed: UnconfirmedChange | null }
  | { outcome: 'replay'; apiKey: ApiKey; record: Pick<IdempotencyRecord, 'fingerprint' | 'sealedSecret'> }
  | { outcome: 'in_flight' }
  | { outcome: 'refused'; refusal: Refusal }
  | { outcome: 'not_found' }

/** The orders in which keys can be listed; `-` is descending. */
export type KeySort = 'createdAt' | '-createdAt' | 'name' | '-name'

/** Where a page starts: behind the key with this id and this value in the order's column. */
export interface PagePosition {
  value: string
  id: string
}

/** One page of an owner's keys. */
export interface ListQuery {
  limit: number
  after: PagePosition | null
  /** Part of a name, in any case, or the beginning of a `start`. */
  search: string | null
  states: readonly KeyState[]
  environment: Environment | null
  /** Any of the names by which a key may hold the scope that was asked for. */
  scopeNames: readonly string[] | null
  createdBy: string | null
  expiresBefore: Date | null
  neverExpires: boolean | null
  unusedSince: Date | null
  rotating: boolean | null
  sort: KeySort
  /** The moment at which states are decided. */
  now: Date
}

/**
 * Where keys live. One store serves one namespace: everything it reads and writes carries it, and everything
 * a person may ask for carries the owner as well, so no call can reach another owner's keys. The one exception
 * is looking for hashes: whoever presents a secret has not said who they are.
 *
 * Every method rejects with StoreUnavailable, and nothing else, when the database does not do its part in time.
 * A change that was rejected so may still have happened. Nothing here ever sees a secret. Each change is recorded in
 * the audit trail, or does not happen.
 */
export interface KeyStore {
  /** What a verdict needs of the key with this hash, or null. Answers or rejects within two seconds. */
  findByHash(hash: string): Promise<KeyFacts | null>

  /** The same for several hashes at once, by hash; those without a key are not in it. */
  findByHashes(hashes: readonly string[]): Promise<ReadonlyMap<string, KeyFacts>>

  /**
   * Stores a new key unless the owner already has `maxKeys` that are not revoked; exact, however many creates
   * run at once. With an idempotency record, both are stored or neither; and while a record with the same id is
   * alive, nothing new is stored.
   */
  create(
    key: NewKey,
    options: { actor: Author; maxKeys: number; idempotency: IdempotencyRecord | null },
  ): Promise<Created>

  /** Deletes what is kept of creates that can no longer be repeated. */
  forgetRequests(now: Date): Promise<void>

  /** The owner's key with this id, or null. */
  find(owner: string, id: string): Promise<ApiKey | null>

  /** One page, in a total order: keys that come or go while paging are neither repeated nor do they hide others. */
  list(owner: string, query: ListQuery): Promise<ApiKey[]>

  /** How many keys there are on all pages together, whichever of them is asked for. */
  count(owner: string, query: ListQuery): Promise<number>

  /** Changes one key. `decide` sees the record while nobody else can change it; it must be pure. */
  change<Refusal>(
    owner: string,
    id: string,
    by: { actor: Author; now: Date },
    decide: (current: ApiKey) => Decision<Refusal>,
  ): Promise<Changed<Refusal>>

  /**
   * Changes several keys, none of them named twice, in one transaction, each as {@link change} does. `decide` is asked
   * about them in their order, and told how many more keys `maxKeys` leaves room for; each that it lets pass takes one.
   */
  changeMany<Refusal>(
    owner: string,
    ids: readonly string[],
    by: { actor: Author; now: Date },
    options: ChangeManyOptions,
    decide: (current: ApiKey, room: number) => Decision<Refusal>,
  ): Promise<ChangedMany<Refusal>>

  /**
   * Gives a key another secret. `decide` sees the record while nobody else can change it. It is not asked when the
   * request with this id was carried out before.
   */
  rotate<Refusal>(
    owner: string,
    id: string,
    by: { actor: Author; now: Date },
    requestId: Uint8Array | null,
    decide: (current: ApiKey) => { ok: true; secret: NewSecret } | { ok: false; refusal: Refusal },
  ): Promise<Rotated<Refusal>>

  /** Changes when the replaced secret of a key ends, as {@link change} changes a key. */
  retire<Refusal>(
    owner: string,
    id: string,
    by: { actor: Author; now: Date },
    decide: (current: ApiKey) => { ok: true; endsAt: Date } | { ok: false; refusal: Refusal },
  ): Promise<Changed<Refusal>>

  /** Resolves when the database answers a trivial query. */
  ping(): Promise<void>
}

/** Where what holds for owners lives; the same promises as {@link KeyStore} makes. */
export interface OwnerStore {
  /** What holds for an owner: nothing in particular when it is not known. */
  find(owner: string): Promise<OwnerSettings>
  /** Sets what is given and leaves the rest. */
  change(owner: string, settings: Partial<Omit<OwnerSettings, 'suspension'>>, actor: Author): Promise<void>
  /** Suspends an owner, and tells what to wait for until its keys are refused everywhere; null when it is suspended already. */
  suspend(
    owner: string,
    suspension: Suspension,
    actor: Author,
  ): Promise<{ unconfirmed: UnconfirmedChange | null } | null>
  /** Ends the suspension of an owner, if there is one. */
  liftSuspension(owner: string, actor: Author): Promise<void>
}
