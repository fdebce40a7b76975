import { timingSafeEqual } from 'node:crypto'
import type { KeyCache } from './cache.ts'
import {
  fingerprint,
  idempotencyId,
  isIdempotencyKey,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  MIN_IDEMPOTENCY_KEY_LENGTH,
  openSecret,
  sealSecret,
} from './idempotency.ts'
import { strictestExpiry, type ExpiryPolicy } from './expiry-policy.ts'
import { checkAllowedIps } from './address-list.ts'
import {
  beyondIssuedChange,
  beyondIssuedScopes,
  beyondIssuedSecret,
  NO_ISSUE_POLICY,
} from './issue-policy.ts'
import { beyondOwner, checkGrant, checkReach, withinGrant, type GrantRefusal, type Grant } from './grant.ts'
import { createKeyId } from './key-id.ts'
import { actorOf, type Author } from './author.ts'
import { allChecked, invalid, type InvalidInput } from './checked.ts'
import {
  checkBlockBrowsers,
  checkEnvironment,
  checkExpiry,
  checkMetadata,
  checkName,
  checkNotBefore,
  checkRateLimits,
  checkRotateEveryDays,
  checkScopes,
} from './key-input.ts'
import { checkKind, publishableFault, type KeyKind } from './key-kind.ts'
import { createLifecycle, type Lifecycle } from './key-lifecycle.ts'
import { parseListOptions, writeCursor, type ListOptions } from './key-list.ts'
import {
  checkGrace,
  graceEnd,
  isRetiring,
  prefixOf,
  rotateObstacle,
  type RetireRefusal,
  type RetireResult,
  type RotateOptions,
  type RotateRefusal,
  type RotateResult,
} from './key-rotation.ts'
import { assertIdentity } from './identity.ts'
import type { Peppers, StoredHash } from './peppers.ts'
import { NO_SETTINGS } from './owners.ts'
import {
  checkUpdate,
  decideUpdate,
  isNeverGood,
  NEVER_GOOD,
  type UpdateOptions,
  type UpdateResult,
} from './key-update.ts'
import type { Actor, ApiKey, Metadata } from './key.ts'
import { checkAllowedOrigins } from './origin-list.ts'
import { checkQuota, type QuotaOptions } from './quota-input.ts'
import type { RateLimit } from './rate-limit.ts'
import type { AwaitReceipt } from './receipts.ts'
import { underCondition, type Condition, type Stale } from './revision.ts'
import { generateSecret, hashSecret, parseSecret, type Environment } from './secret.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Created, IdempotencyRecord, KeyStore, NewKey, NewSecret, OwnerStore } from './store.ts'

/** What a new key shall be. */
export interface CreateOptions {
  name: string
  /** `live` when left out. */
  environment?: Environment | undefined
  /**
   * A `publishable` key may stand in a web page for everybody to read: it holds public scopes only, and names its
   * pages in `allowedOrigins`. `secret` when left out; it cannot be changed.
   */
  kind?: KeyKind | undefined
  scopes?: readonly string[] | undefined
  /** null for never; as long as the policy of host and owner has it when left out. */
  expiresAt?: Date | null | undefined
  /** From when on it is good; at once when left out. */
  notBefore?: Date | null | undefined
  metadata?: Metadata | undefined
  /** At most 50 IPv4 or IPv6 addresses and CIDR ranges from which it may be used; from everywhere when left out. */
  allowedIps?: readonly string[] | undefined
  /**
   * At most 50 origins of web pages on which it may be used, `https://app.example.com` or `https://*.example.com`;
   * everywhere when left out.
   */
  allowedOrigins?: readonly string[] | undefined
  /** Whether it is refused to browsers, in which no secret is safe. */
  blockBrowsers?: boolean | undefined
  /** At most four, which all hold at once; none when left out. */
  rateLimits?: readonly RateLimit[] | undefined
  /** After how many days somebody should rotate it, 1 to 3,650; nobody is reminded when left out. */
  rotateEveryDays?: number | null | undefined
  /** What it may spend; as much as it likes when null or left out. */
  quota?: QuotaOptions | null | undefined
  /**
   * 16 to 255 printable characters that name this one request, best a UUID. Sent again with the same options, it
   * answers with the same key and secret, for a limited time, instead of making another.
   */
  idempotencyKey?: string | undefined
  /** How far the key may reach; without bounds when left out. */
  grant?: Grant | undefined
}

/**
 * The outcome of {@link Keys.create}. `secret` is shown here and never again. It is `revoked` when the request was
 * carried out before and its key has been revoked since.
 */
export type CreateResult =
  | { ok: true; apiKey: ApiKey; secret: string; replayed: boolean }
  | InvalidInput
  | GrantRefusal
  | { ok: false; reason: 'too_many_keys' | 'idempotency_mismatch' | 'idempotency_in_flight' | 'revoked' }

/** The outcome of {@link Keys.list}. */
export type ListResult =
  | {
      ok: true
      data: ApiKey[]
      nextCursor: string | null
      /** null unless it was asked for. */ total: number | null
    }
  | InvalidInput

/**
 * What a management route calls. Every call names the owner whose keys it is about, and reaches no other's. The
 * owner and the actor come from the host's own sign-in, never from a request's body.
 *
 * Each call rejects with StoreUnavailable when the database does not do its part. A change that resolved is in
 * force: no verdict of this process rests on the state before it.
 */
export interface Keys extends Lifecycle {
  create(owner: string, actor: Author, options: CreateOptions): Promise<CreateResult>
  list(owner: string, options?: ListOptions): Promise<ListResult>
  get(owner: string, id: string): Promise<ApiKey | null>
  update(owner: string, actor: Author, id: string, options: UpdateOptions): Promise<UpdateResult>
  /**
   * Gives a key another secret, of the same prefix and length. It stays the same key, with what its limits count. The old
   * secret works until its grace ends, or its key does.
   */
  rotate(owner: string, actor: Author, id: string, options?: RotateOptions): Promise<RotateResult>
  /** Says when the replaced secret that still works ends: in so many seconds from now, 0 to 604,800; 0 is at once. */
  retire(
    owner: string,
    actor: Author,
    id: string,
    gracePeriodSeconds: number,
    options?: { grant?: Grant | undefined } & Condition,
  ): Promise<RetireResult>
}

/** What {@link createKeys} needs from outside. */
export interface KeysOptions {
  store: KeyStore
  cache: KeyCache
  peppers: Peppers
  awaitReceipt: AwaitReceipt
  namespace: string
  keyPrefix: string
  publishableKeyPrefix: string
  catalog: ScopeCatalog
  expiryPolicy: ExpiryPolicy
  owners: Pick<OwnerStore, 'find'>
  maxKeysPerOwner: number
  restoreWindowSeconds: number
  idempotencyWindowSeconds: number
  now: () => number
}

const UNUSABLE_IDEMPOTENCY_KEY = invalid(
  'idempotencyKey',
  `must be ${MIN_IDEMPOTENCY_KEY_LENGTH} to ${MAX_IDEMPOTENCY_KEY_LENGTH} printable ASCII characters; use a UUID`,
)

function isUsable(idempotencyKey: string | undefined): boolean {
  return idempotencyKey === undefined || isIdempotencyKey(idempotencyKey)
}

/** The answer to a request that was carried out before, if it is the same request. */
function openReplay(
  { apiKey, record }: Extract<Created, { outcome: 'replay' }>,
  asked: object,
  idempotencyKey: string,
):
  | { ok: true; apiKey: ApiKey; secret: string; replayed: true }
  | { ok: false; reason: 'idempotency_mismatch' | 'revoked' } {
  if (!timingSafeEqual(record.fingerprint, fingerprint(asked))) {
    return { ok: false, reason: 'idempotency_mismatch' }
  }
  if (apiKey.revokedAt !== null) return { ok: false, reason: 'revoked' }
  return { ok: true, apiKey, secret: openSecret(record.sealedSecret, idempotencyKey), replayed: true }
}

/**
 * What tells one request from another. The end that a policy gave is not part of it: it would be another one for each
 * repetition. Nor is what newer versions added, where there is nothing of it, so that nodes of the version before agree.
 */
function askedFor(
  { expiresAt }: CreateOptions,
  wanted: Omit<NewKey, 'id' | 'owner' | keyof StoredHash | 'start' | 'createdAt' | 'createdBy'>,
) {
  const isGiven = expiresAt === undefined && wanted.expiresAt !== null
  return {
    ...wanted,
    expiresAt: isGiven ? 'by policy' : wanted.expiresAt,
    notBefore: wanted.notBefore ?? undefined,
    rotateEveryDays: wanted.rotateEveryDays ?? undefined,
    quota: wanted.quota ?? undefined,
    kind: wanted.kind === 'secret' ? undefined : wanted.kind,
    allowedIps: wanted.allowedIps.length === 0 ? undefined : wanted.allowedIps,
    allowedOrigins: wanted.allowedOrigins.length === 0 ? undefined : wanted.allowedOrigins,
    blockBrowsers: wanted.blockBrowsers || undefined,
  }
}

/** Makes the key management of one namespace. */
export function createKeys(options: KeysOptions): Keys {
  const { store, cache, peppers, owners, catalog, awaitReceipt, namespace, now } = options

  const prefixFor = (kind: KeyKind) =>
    kind === 'publishable' ? options.publishableKeyPrefix : options.keyPrefix

  function checkCreate(input: CreateOptions, policy: ExpiryPolicy, nowMs: number) {
    const { environment = 'live', scopes = [], expiresAt, notBefore = null, metadata = {} } = input
    const { rateLimits = [], rotateEveryDays = null, quota = null, idempotencyKey } = input
    const { kind = 'secret', allowedIps = [], allowedOrigins = [], blockBrowsers = false } = input
    if (!isUsable(idempotencyKey)) return UNUSABLE_IDEMPOTENCY_KEY
    const checked = allChecked({
      name: checkName(input.name),
      environment: checkEnvironment(environment),
      scopes: checkScopes(scopes, catalog),
      expiresAt: checkExpiry(expiresAt, policy, nowMs),
      notBefore: checkNotBefore(notBefore),
      metadata: checkMetadata(metadata),
      kind: checkKind(kind),
      allowedIps: checkAllowedIps(allowedIps),
      allowedOrigins: checkAllowedOrigins(allowedOrigins),
      blockBrowsers: checkBlockBrowsers(blockBrowsers),
      rateLimits: checkRateLimits(rateLimits),
      rotateEveryDays: checkRotateEveryDays(rotateEveryDays),
      quota: checkQuota(quota),
    })
    if (!checked.ok) return checked
    return isNeverGood(checked.value) ? NEVER_GOOD : (publishableFault(checked.value, catalog) ?? checked)
  }

  function remember(request: {
    idempotencyKey: string
    asked: object
    id: Uint8Array
    nowMs: number
    secret: string
  }): IdempotencyRecord {
    const { idempotencyKey, asked, id, nowMs, secret } = request
    return {
      id,
      fingerprint: fingerprint(asked),
      sealedSecret: sealSecret(secret, idempotencyKey),
      expiresAt: new Date(nowMs + options.idempotencyWindowSeconds * 1_000),
    }
  }

  /** Whose request it is that an Idempotency-Key names. */
  function requestIdOf(owner: string, actor: Actor, idempotencyKey: string | undefined) {
    if (idempotencyKey === undefined) return null
    return { idempotencyKey, id: idempotencyId({ namespace, owner, actorId: actor.id, idempotencyKey }) }
  }

  return {
    ...createLifecycle(options),

    async create(owner, actor, input) {
      assertIdentity(owner, actor)
      const settings = await owners.find(owner)
      const nowMs = now()
      const policy = strictestExpiry(options.expiryPolicy, settings.expiryPolicy)
      const checked = checkCreate(input, policy, nowMs)
      if (!checked.ok) return checked
      const { value: wanted } = checked
      const { idempotencyKey, grant } = input
      const issue = settings.issuePolicy ?? NO_ISSUE_POLICY
      const beyond =
        checkGrant(catalog, grant, wanted) ??
        beyondOwner(catalog, settings.scopes, wanted.scopes) ??
        beyondIssuedScopes(catalog, issue, wanted.scopes) ??
        beyondIssuedSecret(issue, grant, wanted)
      if (beyond !== null) return beyond

      const secret = generateSecret({ prefix: prefixFor(wanted.kind), environment: wanted.environment })
      const key: NewKey = {
        ...wanted,
        id: createKeyId(),
        owner,
        ...peppers.toStore(hashSecret(secret)),
        start: parseSecret(secret)!.start,
        createdAt: new Date(nowMs),
        createdBy: actorOf(actor),
      }
      const request = requestIdOf(owner, actor, idempotencyKey)
      const idempotency = request && remember({ ...request, asked: askedFor(input, wanted), nowMs, secret })
      const created = await store.create(key, { actor, maxKeys: options.maxKeysPerOwner, idempotency })

      switch (created.outcome) {
        case 'created':
          cache.invalidate(key.hash)
          return { ok: true, apiKey: created.apiKey, secret, replayed: false }
        case 'replay':
          return openReplay(created, askedFor(input, wanted), idempotencyKey!)
        case 'in_flight':
          return { ok: false, reason: 'idempotency_in_flight' }
        case 'too_many_keys':
          return { ok: false, reason: 'too_many_keys' }
      }
    },

    async list(owner, listOptions = {}) {
      assertIdentity(owner)
      const parsed = parseListOptions(listOptions, new Date(now()), catalog)
      if (!parsed.ok) return parsed
      const query = parsed.value
      const [found, total] = await Promise.all([
        store.list(owner, query),
        listOptions.count === true ? store.count(owner, query) : null,
      ])
      const data = found.slice(0, query.limit - 1)
      const last = data.at(-1)
      const nextCursor = found.length > data.length && last ? writeCursor(last, query.sort) : null
      return { ok: true, data, nextCursor, total }
    },

    async get(owner, id) {
      assertIdentity(owner)
      return store.find(owner, id)
    },

    async update(owner, actor, id, input) {
      assertIdentity(owner, actor)
      const nowMs = now()
      // Who disables a key in a hurry waits for nothing that does not matter to it.
      const isBound = input.scopes !== undefined || input.expiresAt !== undefined
      const settings = isBound ? await owners.find(owner) : NO_SETTINGS
      const policy = strictestExpiry(options.expiryPolicy, settings.expiryPolicy)
      const checked = checkUpdate(input, { catalog, policy, nowMs })
      if (!checked.ok) return checked
      const given = checked.value.scopes ?? []
      const beyond = beyondOwner(catalog, settings.scopes, given)
      if (beyond !== null) return beyond
      const by = { actor, now: new Date(nowMs) }
      const { enabled, grant } = input
      const issue = settings.issuePolicy ?? NO_ISSUE_POLICY
      const result = await store.change(owner, id, by, (current) => {
        const decision = decideUpdate(current, checked.value, { catalog, enabled, grant, nowMs })
        const beyond = beyondIssuedChange(catalog, issue, grant, { current, scopes: given })
        return underCondition(input, current, withinGrant(beyond, decision))
      })
      if (result.outcome === 'not_found') return { ok: false, reason: 'not_found' }
      if (result.outcome === 'refused') return result.refusal
      for (const hash of result.hashes) cache.invalidate(hash)
      const receipt = result.unconfirmed === null ? null : await awaitReceipt(result.unconfirmed)
      return { ok: true, apiKey: result.apiKey, receipt }
    },

    async rotate(owner, actor, id, input = {}) {
      const { gracePeriodSeconds = 0, idempotencyKey, grant } = input
      assertIdentity(owner, actor)
      if (!isUsable(idempotencyKey)) return UNUSABLE_IDEMPOTENCY_KEY
      const grace = checkGrace(gracePeriodSeconds)
      if (!grace.ok) return grace
      // It is only read for whom it matters, since whose key has leaked waits for nothing else.
      const settings = grant?.isAdmin === false ? await owners.find(owner) : NO_SETTINGS
      const nowMs = now()
      const request = requestIdOf(owner, actor, idempotencyKey)
      const asked = { rotate: id, gracePeriodSeconds }

      let secret = ''
      let stored: StoredHash
      const result = await store.rotate<RotateRefusal | Stale>(
        owner,
        id,
        { actor, now: new Date(nowMs) },
        request && request.id,
        (current) => {
          const reason = rotateObstacle(current, grace.value, nowMs)
          if (reason !== null) return { ok: false, refusal: { ok: false, reason } }
          // Whoever gets the new secret can do all that the key can.
          const beyond =
            checkGrant(catalog, grant, current) ??
            beyondIssuedSecret(settings.issuePolicy ?? NO_ISSUE_POLICY, grant, current)
          if (beyond !== null) return { ok: false, refusal: beyond }
          secret = generateSecret({
            prefix: prefixOf(current, prefixFor(current.kind)),
            environment: current.environment,
          })
          stored = peppers.toStore(hashSecret(secret))
          const newSecret: NewSecret = {
            ...stored,
            start: parseSecret(secret)!.start,
            endsAt: graceEnd(current, grace.value, nowMs),
            idempotency: request && remember({ ...request, asked, nowMs, secret }),
          }
          return underCondition(input, current, { ok: true, secret: newSecret })
        },
      )
      switch (result.outcome) {
        case 'rotated': {
          for (const hash of [...result.hashes, stored!.hash]) cache.invalidate(hash)
          const receipt = result.unconfirmed && (await awaitReceipt(result.unconfirmed))
          return { ok: true, apiKey: result.apiKey, secret, receipt, replayed: false }
        }
        case 'replay': {
          const replay = openReplay(result, asked, idempotencyKey!)
          return replay.ok ? { ...replay, receipt: null } : replay
        }
        case 'in_flight':
          return { ok: false, reason: 'idempotency_in_flight' }
        case 'refused':
          return result.refusal
        case 'not_found':
          return { ok: false, reason: 'not_found' }
      }
    },

    async retire(owner, actor, id, gracePeriodSeconds, input = {}) {
      assertIdentity(owner, actor)
      const grace = checkGrace(gracePeriodSeconds)
      if (!grace.ok) return grace
      const nowMs = now()
      const by = { actor, now: new Date(nowMs) }
      const result = await store.retire<RetireRefusal | Stale>(owner, id, by, (current) => {
        const refuse = (refusal: RetireRefusal) => ({ ok: false as const, refusal })
        if (current.revokedAt !== null) return refuse({ ok: false, reason: 'revoked' })
        if (!isRetiring(current, nowMs)) return refuse({ ok: false, reason: 'not_retiring' })
        const endsAt = graceEnd(current, grace.value, nowMs)
        const isOnlyLess = endsAt <= current.retiringSecret.endsAt
        const beyond = isOnlyLess
          ? checkReach(input.grant, current)
          : checkGrant(catalog, input.grant, current)
        return beyond === null ? underCondition(input, current, { ok: true, endsAt }) : refuse(beyond)
      })
      if (result.outcome === 'not_found') return { ok: false, reason: 'not_found' }
      if (result.outcome === 'refused') return result.refusal
      for (const hash of result.hashes) cache.invalidate(hash)
      const receipt = result.unconfirmed && (await awaitReceipt(result.unconfirmed))
      return { ok: true, apiKey: result.apiKey, receipt }
    },
  }
}
