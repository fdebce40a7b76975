import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import {
  createLatchkey,
  openDatabase,
  StoreUnavailable,
  type Database,
  type Latchkey,
} from '@latchkey/engine'
import { freshDatabase, testDatabases, type FreshDatabase } from '@latchkey/testing'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSigningKeyStore } from '../src/postgres/signing-key-store.ts'
import { createSigningKeyVault, type SealedSigningKey } from '../src/signing-key.ts'
import { openSigningKeys, type SigningKeyStore } from '../src/signing-keys.ts'
import { OVERLAP_MS, SIGNS_FOR_MS, TRUSTED_MS } from '../src/signing-schedule.ts'
import { must, useDatabase } from './set-up.ts'
import { audience, aVerifiedKey, issuer, tokenOptions } from './token-support.ts'

const START = Date.parse('2026-06-01T12:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

function neverCalled(): never {
  throw new Error('called all the same')
}

let namespaces = 0
const aNamespace = () => `ns${namespaces++}`

const kidsOf = async ({ tokens }: Latchkey) => (await tokens!.jwks()).keys.map(({ kid }) => kid)
const signerOf = async ({ tokens }: Latchkey) =>
  decodeProtectedHeader(must(await tokens!.issue(aVerifiedKey())).token).kid

describe.each(testDatabases)('signing keys on $name', ({ create }) => {
  const db = useDatabase(create)

  /** Nodes with a clock that they share. */
  function aCluster() {
    const clock = { nowMs: START }
    const options = { namespace: aNamespace(), tokens: tokenOptions(), now: () => clock.nowMs }
    const store = () => createSigningKeyStore(db.database, options.namespace)
    return { clock, options, store, node: () => db.latchkey(options) }
  }

  it('are one for five nodes that start at once, and one more when it is time', async () => {
    const { clock, node, store } = aCluster()
    const nodes = await Promise.all(Array.from({ length: 5 }, node))
    const [first] = await store().read()
    for (const each of nodes) expect(await kidsOf(each)).toEqual([first!.kid])

    clock.nowMs += SIGNS_FOR_MS - OVERLAP_MS
    await Promise.all(nodes.map(kidsOf))
    const [, second, ...more] = await store().read()
    expect(more).toEqual([])
    for (const each of nodes) {
      expect(await kidsOf(each)).toEqual([first!.kid, second!.kid])
      expect(await signerOf(each)).toBe(first!.kid)
    }
    clock.nowMs += OVERLAP_MS
    for (const each of nodes) expect(await signerOf(each)).toBe(second!.kid)
    clock.nowMs += OVERLAP_MS
    for (const each of nodes) expect(await kidsOf(each)).toEqual([second!.kid])
    expect((await store().read()).map(({ kid }) => kid)).toEqual([second!.kid])
  })

  it('outlive a restart', async () => {
    const { node } = aCluster()
    expect(await kidsOf(await node())).toEqual(await kidsOf(await node()))
  })

  it('are made anew when somebody removes them, and then sign at once', async () => {
    const { clock, node, store } = aCluster()
    const latchkey = await node()
    const [before] = await kidsOf(latchkey)
    await db.database.query('delete from latchkey.signing_keys where kid = $1', [before!])
    clock.nowMs += TRUSTED_MS + 1
    const kid = await signerOf(latchkey)
    expect(kid).not.toBe(before)
    expect((await store().read()).map((key) => key.kid)).toEqual([kid])
  })

  it('are those of a namespace alone', async () => {
    const [one, other] = [aCluster(), aCluster()]
    const [here] = await kidsOf(await one.node())
    const [there] = await kidsOf(await other.node())
    expect(here).not.toBe(there)

    const [stolen] = await one.store().read()
    const encrypted = { ...other.options, tokens: one.options.tokens, namespace: aNamespace() }
    await createSigningKeyStore(db.database, encrypted.namespace).change(() => ({ add: stolen!, remove: [] }))
    await expect(db.latchkey(encrypted)).rejects.toThrow('does not open with tokens.encryptionKey')
  })

  it('refuse to start with another encryption key, in a sentence that has neither', async () => {
    const { options, node } = aCluster()
    await node()
    const encryptionKey = randomBytes(32).toString('hex')
    const started = db.latchkey({ ...options, tokens: { ...options.tokens, encryptionKey } })
    await expect(started).rejects.toThrow(
      /^A signing key in latchkey\.signing_keys does not open with tokens\.encryptionKey: .*docs\/tokens\.md\.$/,
    )
    await expect(started).rejects.toThrow(StoreUnavailable)
  })

  it('are not published when somebody without the encryption key put them there', async () => {
    const { clock, options, node, store } = aCluster()
    const latchkey = await node()
    const theirs = await createSigningKeyVault(randomBytes(32), options.namespace).make(START)
    await store().change(() => ({ add: theirs, remove: [] }))
    clock.nowMs += TRUSTED_MS
    expect(await kidsOf(latchkey)).not.toContain(theirs.kid)
    clock.nowMs += 1
    await expect(latchkey.tokens!.jwks()).rejects.toThrow(StoreUnavailable)
    await expect(latchkey.tokens!.issue(aVerifiedKey())).rejects.toThrow(StoreUnavailable)
  })

  it('show nothing of their private half: not published, not stored', async () => {
    const { options, node, store } = aCluster()
    const { keys } = await (await node()).tokens!.jwks()
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']])

    const [{ kid, sealed }] = (await store().read()) as [SealedSigningKey]
    const { x, d } = JSON.parse(unseal(options, kid, sealed)) as { x: string; d: string }
    expect(x).toBe(keys[0]!.x)
    expect(Buffer.from(d, 'base64url')).toHaveLength(32)
    const [row] = await db.database.query<{ row: string }>(
      'select to_jsonb(k)::text as row from latchkey.signing_keys as k where kid = $1',
      [kid],
    )
    expect(row!.row).toContain(Buffer.from(sealed).toString('hex'))
    for (const form of [d, Buffer.from(d, 'base64url').toString('hex'), Buffer.from(d).toString('hex')]) {
      expect(row!.row).not.toContain(form)
    }
  })

  /** As the vault does, but written once more. */
  function unseal(options: ReturnType<typeof aCluster>['options'], kid: string, sealed: Uint8Array): string {
    const { encryptionKey } = options.tokens
    const key = Buffer.from(hkdfSync('sha256', encryptionKey, '', 'latchkey signing keys', 32))
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
      .setAAD(Buffer.from(JSON.stringify([options.namespace, kid])))
      .setAuthTag(sealed.subarray(12, 28))
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString()
  }
})

describe('signing keys, once a minute', () => {
  it('are read again, which costs nobody any waiting, and trouble with it is told', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const vault = createSigningKeyVault(randomBytes(32), 'default')
    const [first, second] = [await vault.make(START), await vault.make(START + OVERLAP_MS)]
    let stored = [first]
    let trouble: Error | null = null
    const store: SigningKeyStore = {
      read: () => (trouble === null ? Promise.resolve(stored) : Promise.reject(trouble)),
      change: neverCalled,
    }
    const onError = vi.fn()
    const keys = await openSigningKeys({ store, vault, now: () => START, onError })
    const kids = async () => (await keys.jwks(START)).keys.map(({ kid }) => kid)
    stored = [first, second]
    expect(await kids()).toEqual([first.kid])
    vi.advanceTimersByTime(60_000)
    await expect.poll(kids).toEqual([first.kid, second.kid])

    trouble = new StoreUnavailable('away')
    vi.advanceTimersByTime(60_000)
    await expect.poll(() => onError.mock.calls).toEqual([[trouble]])
    expect(await kids()).toEqual([first.kid, second.kid])
    await keys.close()
    vi.advanceTimersByTime(600_000)
    expect(onError).toHaveBeenCalledTimes(1)
  })
})

describe('signing keys while the database is away', () => {
  let server: FreshDatabase
  let database: Database
  beforeAll(async () => {
    server = await freshDatabase()
    database = await openDatabase(server.url)
    await (await createLatchkey({ database })).close()
  })
  afterAll(async () => {
    await database.close()
    await server.drop()
  })

  it('sign for a quarter of an hour, then nothing until it is back: no key can have been put in their place', async () => {
    const namespace = aNamespace()
    const encryptionKey = randomBytes(32)
    const vault = createSigningKeyVault(encryptionKey, namespace)
    const real = createSigningKeyStore(database, namespace)
    let isAway = false
    let reads = 0
    const store: SigningKeyStore = {
      read: () => {
        reads++
        return isAway ? Promise.reject(new StoreUnavailable('away')) : real.read()
      },
      change: (decide) => real.change(decide),
    }
    const clock = { nowMs: START }
    const now = () => clock.nowMs
    const keys = await openSigningKeys({ store, vault, now, onError: neverCalled })
    const before = await keys.signer(now())
    isAway = true
    clock.nowMs += TRUSTED_MS
    expect(await keys.signer(now())).toBe(before)
    expect(reads).toBe(1)
    clock.nowMs += 1
    const asked = Array.from({ length: 10 }, () => keys.signer(now()))
    expect(await Promise.allSettled(asked)).toEqual(
      Array.from({ length: 10 }, () => ({ status: 'rejected', reason: new StoreUnavailable('away') })),
    )
    await expect(keys.jwks(now())).rejects.toThrow(StoreUnavailable)
    expect(reads).toBe(3)

    isAway = false
    expect(await keys.signer(now())).toEqual(before)
    clock.nowMs -= 2 * TRUSTED_MS
    isAway = true
    await expect(keys.signer(now())).rejects.toThrow(StoreUnavailable)
    await keys.close()
  })

  it('are not added twice by ten who found at once that one is due', async () => {
    const namespace = aNamespace()
    const vault = createSigningKeyVault(randomBytes(32), namespace)
    const real = createSigningKeyStore(database, namespace)
    // A connection for each, and all have read before any of them changes anything.
    await Promise.all(Array.from({ length: 10 }, () => database.query('select pg_sleep(0.2)', [])))
    const barrier = Promise.withResolvers<void>()
    let waiting = 0
    const store: SigningKeyStore = {
      async read() {
        const keys = await real.read()
        if (++waiting === 10) barrier.resolve()
        await barrier.promise
        return keys
      },
      change: (decide) => real.change(decide),
    }
    const open = () => openSigningKeys({ store, vault, now: () => START, onError: neverCalled })
    const all = await Promise.all(Array.from({ length: 10 }, open))
    const kids = await Promise.all(all.map(async (keys) => (await keys.signer(START)).kid))
    expect(new Set(kids).size).toBe(1)
    expect(await real.read()).toHaveLength(1)
    await Promise.all(all.map((keys) => keys.close()))
  })

  it('never leave a token that somebody cannot verify: three nodes, clocks that differ, five rotations', async () => {
    const random = createRandom(20_260_601)
    const clock = { nowMs: START }
    const namespace = aNamespace()
    const tokens = tokenOptions({ lifetimeSeconds: 900 })
    const databases = await Promise.all(Array.from({ length: 3 }, () => openDatabase(server.url)))
    const nodes = await Promise.all(
      databases.map((database, place) =>
        createLatchkey({ database, namespace, tokens, now: () => clock.nowMs + (place - 1) * 12 * MINUTE }),
      ),
    )
    const signers = new Set<string>()
    let inUse: { token: string; endsAtMs: number }[] = []

    /** What a cache of HTTP and a library may do together: they never ask sooner, nor for a key that they do not know. */
    const CACHED_MS = 20 * MINUTE
    async function aConsumer() {
      let fetchedAtMs = -Infinity
      let keys: ReturnType<typeof createLocalJWKSet>
      const verify = async ({ token }: { token: string }) =>
        jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ['EdDSA'],
          typ: 'at+jwt',
          currentDate: new Date(clock.nowMs),
        })
      return {
        verify,
        async fetchWhenOld() {
          if (clock.nowMs - fetchedAtMs < CACHED_MS) return
          fetchedAtMs = clock.nowMs
          const jwks = await nodes[Math.floor(random() * nodes.length)]!.tokens!.jwks()
          keys = createLocalJWKSet(structuredClone(jwks) as never)
          await Promise.all(inUse.map(verify))
        },
      }
    }
    const consumers = await Promise.all(Array.from({ length: 8 }, aConsumer))

    while (clock.nowMs < START + 5.2 * SIGNS_FOR_MS) {
      // Step by step around each rotation, and in leaps up to three hours before the next.
      const sinceStep = (clock.nowMs - START + 3 * HOUR) % SIGNS_FOR_MS
      const leapMs = Math.min(random() * 24 * HOUR, SIGNS_FOR_MS - sinceStep)
      clock.nowMs += sinceStep < 6 * HOUR ? random() * 5 * MINUTE : leapMs
      inUse = inUse.filter(({ endsAtMs }) => endsAtMs > clock.nowMs)
      for (const consumer of consumers) await consumer.fetchWhenOld()
      for (const node of nodes) {
        if (random() < 0.5) continue
        const { token } = must(await node.tokens!.issue(aVerifiedKey()))
        const issued = { token, endsAtMs: decodeJwt(token).exp! * 1_000 }
        signers.add(decodeProtectedHeader(token).kid!)
        inUse.push(issued)
        if (issued.endsAtMs > clock.nowMs) await Promise.all(consumers.map(({ verify }) => verify(issued)))
      }
    }
    expect(signers.size).toBeGreaterThanOrEqual(6)
    expect(await createSigningKeyStore(database, namespace).read()).toHaveLength(1)
    await Promise.all(nodes.map((node) => node.close()))
    await Promise.all(databases.map((each) => each.close()))
  })
})

/** Random numbers that are the same in every run: mulberry32. */
function createRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
