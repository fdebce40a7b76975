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
import { checkGrant, checkReach, type BeyondGrant, type Grant } from './grant.ts'
import { createKeyId } from './key-id.ts'
import {
  allChecked,
  checkEnvironment,
  checkExpiry,
  checkMetadata,
  checkName,
  checkRateLimits,
  checkScopes,
  invalid,
  type InvalidInput,
} from './key-input.ts'
import { parseListOptions, writeCursor, type ListOptions } from './key-list.ts'
import { assertIdentity } from './identity.ts'
import { checkUpdate, decideUpdate, type UpdateOptions, type UpdateResult } from './key-update.ts'
import type { Actor, ApiKey, Metadata } from './key.ts'
import type { RateLimit } from './rate-limit.ts'
import type { AwaitReceipt, RevocationReceipt } from './receipts.ts'
import { generateSecret, hashSecret, parseSecret, type Environment } from './secret.ts'
import type { IdempotencyRecord, KeyStore, NewKey } from './store.ts'

/** What a new key shall be. */
export interface CreateOptions {
  name: string
  /** `live` when left out. */
  environment?: Environment | undefined
  scopes?: readonly string[] | undefined
  expiresAt?: Date | null | undefined
  metadata?: Metadata | undefined
  /** At most four, which all hold at once; none when left out. */
  rateLimits?: readonly RateLimit[] | undefined
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
  | BeyondGrant
  | { ok: false; reason: 'too_many_keys' | 'idempotency_mismatch' | 'idempotency_in_flight' | 'revoked' }

/** The outcome of {@link Keys.list}. */
export type ListResult = { ok: true; data: ApiKey[]; nextCursor: string | null } | InvalidInput

/** The outcome of {@link Keys.revoke}, with how far it had come within a second. */
export type RevokeResult =
  { ok: true; apiKey: ApiKey; receipt: RevocationReceipt } | BeyondGrant | { ok: false; reason: 'not_found' }

/**
 * What a management route calls. Every call names the owner whose keys it is about, and reaches no other's. The
 * owner and the actor come from the host's own sign-in, never from a request's body.
 *
 * Each call rejects with StoreUnavailable when the database does not do its part. A change that resolved is in
 * force: no verdict of this process rests on the state before it.
 */
export interface Keys {
  create(owner: string, actor: Actor, options: CreateOptions): Promise<CreateResult>
  list(owner: string, options?: ListOptions): Promise<ListResult>
  get(owner: string, id: string): Promise<ApiKey | null>
  update(owner: string, actor: Actor, id: string, options: UpdateOptions): Promise<UpdateResult>
  /**
   * Revokes for good. The record stays, so that what the key did can still be told. Resolves when every node has
   * dropped the key, or after a second.
   */
  revoke(
    owner: string,
    actor: Actor,
    id: string,
    options?: { grant?: Grant | undefined },
  ): Promise<RevokeResult>
}

/** What {@link createKeys} needs from outside. */
export interface KeysOptions {
  store: KeyStore
  cache: KeyCache
  awaitReceipt: AwaitReceipt
  namespace: string
  keyPrefix: string
  scopes: Readonly<Record<string, string>>
  maxKeysPerOwner: number
  idempotencyWindowSeconds: number
  now: () => number
}

/** Makes the key management of one namespace. */
export function createKeys(options: KeysOptions): Keys {
  const { store, cache, awaitReceipt, namespace, keyPrefix, now } = options

  function checkCreate(input: CreateOptions) {
    const { environment = 'live', scopes = [], expiresAt = null, metadata = {} } = input
    const { rateLimits = [], idempotencyKey } = input
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
      const length = `${MIN_IDEMPOTENCY_KEY_LENGTH} to ${MAX_IDEMPOTENCY_KEY_LENGTH}`
      return invalid('idempotencyKey', `must be ${length} printable ASCII characters; use a UUID`)
    }
    return allChecked({
      name: checkName(input.name),
      environment: checkEnvironment(environment),
      scopes: checkScopes(scopes, options.scopes),
      expiresAt: checkExpiry(expiresAt, now()),
      metadata: checkMetadata(metadata),
      rateLimits: checkRateLimits(rateLimits),
    })
  }

  function remember(request: {
    idempotencyKey: string
    wanted: object
    key: NewKey
    secret: string
  }): IdempotencyRecord {
    const { idempotencyKey, wanted, key, secret } = request
    const { owner, createdAt, createdBy } = key
    return {
      id: idempotencyId({ namespace, owner, actorId: createdBy.id, idempotencyKey }),
      fingerprint: fingerprint(wanted),
      sealedSecret: sealSecret(secret, idempotencyKey),
      expiresAt: new Date(createdAt.getTime() + options.idempotencyWindowSeconds * 1_000),
    }
  }

  return {
    async create(owner, actor, input) {
      assertIdentity(owner, actor)
      const checked = checkCreate(input)
      if (!checked.ok) return checked
      const { value: wanted } = checked
      const { idempotencyKey, grant } = input
      const beyond = checkGrant(grant, wanted)
      if (beyond !== null) return beyond

      const secret = generateSecret({ prefix: keyPrefix, environment: wanted.environment })
      const key: NewKey = {
        ...wanted,
        id: createKeyId(),
        owner,
        hash: hashSecret(secret),
        start: parseSecret(secret)!.start,
        createdAt: new Date(now()),
        createdBy: actor,
      }
      const idempotency =
        idempotencyKey === undefined ? null : remember({ idempotencyKey, wanted, key, secret })
      const created = await store.create(key, { maxKeys: options.maxKeysPerOwner, idempotency })

      switch (created.outcome) {
        case 'created':
          cache.invalidate(key.hash)
          return { ok: true, apiKey: created.apiKey, secret, replayed: false }
        case 'replay':
          if (!timingSafeEqual(created.record.fingerprint, idempotency!.fingerprint)) {
            return { ok: false, reason: 'idempotency_mismatch' }
          }
          if (created.apiKey.revokedAt !== null) return { ok: false, reason: 'revoked' }
          return {
            ok: true,
            apiKey: created.apiKey,
            secret: openSecret(created.record.sealedSecret, idempotencyKey!),
            replayed: true,
          }
        case 'in_flight':
          return { ok: false, reason: 'idempotency_in_flight' }
        case 'too_many_keys':
          return { ok: false, reason: 'too_many_keys' }
      }
    },

    async list(owner, listOptions = {}) {
      assertIdentity(owner)
      const parsed = parseListOptions(listOptions, new Date(now()))
      if (!parsed.ok) return parsed
      const query = parsed.value
      const found = await store.list(owner, query)
      const data = found.slice(0, query.limit - 1)
      const last = data.at(-1)
      const nextCursor = found.length > data.length && last ? writeCursor(last, query.sort) : null
      return { ok: true, data, nextCursor }
    },

    async get(owner, id) {
      assertIdentity(owner)
      return store.find(owner, id)
    },

    async update(owner, actor, id, input) {
      assertIdentity(owner, actor)
      const nowMs = now()
      const checked = checkUpdate(input, options.scopes, nowMs)
      if (!checked.ok) return checked
      const by = { actor, now: new Date(nowMs) }
      const result = await store.change(owner, id, by, (current) =>
        decideUpdate(current, checked.value, { enabled: input.enabled, grant: input.grant, nowMs }),
      )
      if (result.outcome === 'not_found') return { ok: false, reason: 'not_found' }
      if (result.outcome === 'refused') return result.refusal
      cache.invalidate(result.hash)
      const receipt = result.unconfirmed === null ? null : await awaitReceipt(result.unconfirmed)
      return { ok: true, apiKey: result.apiKey, receipt }
    },

    async revoke(owner, actor, id, { grant } = {}) {
      assertIdentity(owner, actor)
      const revokedAt = new Date(now())
      const by = { actor, now: revokedAt }
      const result = await store.change<BeyondGrant | null>(owner, id, by, (current) => {
        if (current.revokedAt !== null) return { ok: false, refusal: null }
        const beyond = checkReach(grant, current)
        return beyond === null ? { ok: true, changes: { revokedAt } } : { ok: false, refusal: beyond }
      })
      if (result.outcome === 'refused' && result.refusal !== null) return result.refusal
      if (result.outcome !== 'changed') return { ok: false, reason: 'not_found' }
      cache.invalidate(result.hash)
      return { ok: true, apiKey: result.apiKey, receipt: await awaitReceipt(result.unconfirmed) }
    },
  }
}
