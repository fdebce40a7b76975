import { generateSecret, StoreUnavailable, type Latchkey, type Verdict } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createKeyCache } from '../src/cache.ts'
import { hashBytes, hashSecret } from '../src/secret.ts'
import { createVerifier } from '../src/verify.ts'
import { createAttempts, MAX_WRONG_SECRETS_PER_MINUTE } from '../src/attempts.ts'
import type { KeyLimits } from '../src/rate-limit.ts'
import { UsageMeter, type MeteredKey, type UsageRecorder } from '../src/usage.ts'
import { aJudgeableKey } from './a-key.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

describe('the hot path', () => {
  const secret = generateSecret({ prefix: 'lk', environment: 'live' })

  function setUp(key = aJudgeableKey()) {
    const load = vi.fn(async (hash: string) => (hash === hashSecret(secret) ? key : null))
    const loadForSuspects = vi.fn(load)
    const usage = {
      meterOf: (key: MeteredKey) => new UsageMeter(key),
      record: vi.fn<UsageRecorder['record']>(),
      flush: async () => undefined,
      flushYoung: async () => undefined,
    }
    const verify = createVerifier({
      cache: createKeyCache({ now: () => 1 }),
      load,
      loadForSuspects,
      attempts: createAttempts(),
      usage,
      now: () => 1,
    })
    return { load, loadForSuspects, usage, verify }
  }

  it('asks the store once, then answers at once and without it', async () => {
    const { load, verify } = setUp()
    expect(verify(secret)).toBeInstanceOf(Promise)
    expect((await verify(secret)).ok).toBe(true)
    const verdict = verify(secret, { scopes: ['contacts:read'] })
    expect(verdict).toMatchObject({ ok: true })
    expect(load).toHaveBeenCalledOnce()
  })

  it('answers at once for a secret that is known not to exist', async () => {
    const { load, verify } = setUp()
    const invented = generateSecret({ prefix: 'lk', environment: 'live' })
    await verify(invented)
    expect(verify(invented)).toEqual({ ok: false, reason: 'unknown', key: null })
    expect(load).toHaveBeenCalledOnce()
  })

  it('refuses every changed character of a secret with no I/O, but for a prefix that could be another', () => {
    const { load, verify } = setUp()
    const characters = fc.constantFrom(
      ...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- é\n',
    )
    fc.assert(
      fc.property(fc.integer({ min: 'lk'.length, max: secret.length - 1 }), characters, (at, character) => {
        fc.pre(secret[at] !== character)
        const changed = secret.slice(0, at) + character + secret.slice(at + 1)
        expect(verify(changed)).toEqual({ ok: false, reason: 'malformed', key: null })
      }),
      { numRuns: 1_000 },
    )
    expect(load).not.toHaveBeenCalled()
  })

  it('answers "malformed" to arbitrary text with no I/O', () => {
    const { load, verify } = setUp()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(verify(text)).toMatchObject({ reason: 'malformed' })
      }),
    )
    expect(verify('x'.repeat(1_000_000))).toMatchObject({ reason: 'malformed' })
    expect(load).not.toHaveBeenCalled()
  })

  it('counts each request with a known key once, by what became of it', async () => {
    const { usage, verify } = setUp()
    await verify(secret, { scopes: ['contacts:write'] })
    await verify(generateSecret({ prefix: 'lk', environment: 'live' }))
    await verify(secret)
    await verify(secret)
    expect(usage.record.mock.calls.map(([, outcome]) => outcome)).toEqual([
      'insufficient_scope',
      'accepted',
      'accepted',
    ])
  })

  it('takes from the limits of a cached key at every request that would be accepted, and at no other', async () => {
    const rateLimits = [
      { name: 'burst', limit: 5, windowSeconds: 1 },
      { name: 'sustained', limit: 50, windowSeconds: 60 },
    ]
    const { usage, verify } = setUp(aJudgeableKey({ rateLimits }))
    await verify(secret, { cost: 2 })
    expect(verify(secret, { scopes: ['contacts:write'] })).toMatchObject({ reason: 'insufficient_scope' })
    expect(verify(secret, { cost: 3 })).toMatchObject({ ok: true, rateLimits: [{ remaining: 0 }, {}] })
    expect(verify(secret)).toMatchObject({
      ok: false,
      reason: 'rate_limited',
      violated: ['burst'],
      retryAfterMs: 1_033,
    })
    expect(verify(secret, { cost: 0 })).toMatchObject({ ok: true, rateLimits: [{}, { remaining: 45 }] })
    expect(usage.record.mock.calls.map(([, outcome]) => outcome)).toEqual([
      'accepted',
      'insufficient_scope',
      'accepted',
      'rate_limited',
      'accepted',
    ])
  })

  it('waits for a limiter that has to ask elsewhere', async () => {
    const key = aJudgeableKey({ rateLimits: [{ name: 'burst', limit: 1, windowSeconds: 60 }] })
    const limits = key.limits!
    const elsewhere: KeyLimits = {
      states: limits.states,
      admit: async (cost, nowMs) => limits.admit(cost, nowMs),
      violatedBy: (cost) => limits.violatedBy(cost),
      retryAfterMs: (cost, nowMs) => limits.retryAfterMs(cost, nowMs),
    }
    const { verify } = setUp({ ...key, limits: elsewhere })
    expect(await verify(secret)).toMatchObject({ ok: true })
    expect(await verify(secret)).toMatchObject({ reason: 'rate_limited', violated: ['burst'] })
  })

  it('tells a client with many wrong secrets nothing more about them, and accepts a good key from it', async () => {
    const { load, loadForSuspects, verify } = setUp()
    const caller = { ip: '192.0.2.1' }
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) {
      expect(verify('wrong', {}, caller)).toMatchObject({ reason: 'malformed' })
    }
    expect(verify('wrong', {}, caller)).toMatchObject({ reason: 'too_many_attempts', key: null })
    const invented = generateSecret({ prefix: 'lk', environment: 'live' })
    expect(await verify(invented, {}, caller)).toMatchObject({ reason: 'too_many_attempts' })
    expect(await verify(secret, {}, caller)).toMatchObject({ ok: true })
    expect(load).toHaveBeenCalledTimes(2)
    expect(loadForSuspects).toHaveBeenCalledTimes(2)
    expect(await verify('wrong', {}, { ip: '192.0.2.2' })).toMatchObject({ reason: 'malformed' })
    expect(await verify('wrong')).toMatchObject({ reason: 'malformed' })
  })

  it('rejects, and refuses nobody, when the store cannot answer', async () => {
    const { load, verify } = setUp()
    load.mockRejectedValueOnce(new StoreUnavailable('away'))
    await expect(verify(secret)).rejects.toThrow(StoreUnavailable)
    expect((await verify(secret)).ok).toBe(true)
  })
})

describe.each(testDatabases)('verify on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  let latchkey: Latchkey
  let elsewhere: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ now: () => clock.now })
    elsewhere = await db.latchkey({ now: () => clock.now })
  })

  async function aNewKey(options: Partial<Parameters<Latchkey['keys']['create']>[2]> = {}) {
    const owner = anOwner()
    const created = must(await latchkey.keys.create(owner, ann, { name: 'k', ...options }))
    return { owner, secret: created.secret, id: created.apiKey.id }
  }

  const reason = (verdict: Verdict) => (verdict.ok ? 'ok' : verdict.reason)

  it('accepts a new key at once, and tells the handler whose it is', async () => {
    const options = { scopes: ['contacts:read'], environment: 'test' as const, metadata: { plan: 'gold' } }
    const { owner, secret, id } = await aNewKey(options)
    const verdict = await latchkey.verify(secret, { scopes: ['contacts:read'], environment: 'test' })
    expect(verdict).toEqual({ ok: true, key: { id, owner, name: 'k', ...options }, rateLimits: [] })
  })

  it('accepts a new key even where its secret was tried, and remembered as unknown, just before', async () => {
    const { secret } = await aNewKey()
    expect(reason(await elsewhere.verify(secret))).toBe('ok')
  })

  it('obeys every change at once on the node that made it', async () => {
    const { owner, secret, id } = await aNewKey()
    const { keys, verify } = latchkey
    const read = { scopes: ['contacts:read'] }
    expect(reason(await verify(secret))).toBe('ok')
    expect(reason(await verify(secret, read))).toBe('insufficient_scope')
    must(await keys.update(owner, ann, id, { scopes: ['contacts:read'] }))
    expect(reason(await verify(secret, read))).toBe('ok')
    expect(reason(await verify(secret, { environment: 'test' }))).toBe('environment')
    must(await keys.update(owner, ann, id, { enabled: false }))
    expect(reason(await verify(secret))).toBe('disabled')
    must(await keys.update(owner, ann, id, { enabled: true }))
    expect(reason(await verify(secret))).toBe('ok')
    must(await keys.revoke(owner, ann, id))
    expect(reason(await verify(secret))).toBe('revoked')
  })

  it('refuses a cached key from the millisecond of its expiry on', async () => {
    const { secret } = await aNewKey({ expiresAt: new Date(clock.now + 50) })
    // The node's own notification of the create may still empty the cache once.
    await expect.poll(() => latchkey.verify(secret)).toMatchObject({ ok: true })
    await vi.waitUntil(() => !(latchkey.verify(secret) instanceof Promise))
    clock.now += 49
    expect(reason(latchkey.verify(secret) as Verdict)).toBe('ok')
    clock.now += 1
    expect(reason(latchkey.verify(secret) as Verdict)).toBe('expired')
  })

  it('hears of changes made elsewhere', async () => {
    const { owner, secret, id } = await aNewKey()
    expect(reason(await elsewhere.verify(secret))).toBe('ok')
    must(await latchkey.keys.revoke(owner, ann, id))
    await expect.poll(async () => reason(await elsewhere.verify(secret)), { timeout: 1_000 }).toBe('revoked')
  })

  it('stores the last use at an interval, and moves it only forward', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const early = await db.latchkey({ now: () => clock.now - 10_000 })
    const late = await db.latchkey({ now: () => clock.now })
    const { owner, secret, id } = await aNewKey()
    const lastUsed = async () => (await latchkey.keys.get(owner, id))?.lastUsedAt
    await late.verify(secret)
    expect(await lastUsed()).toBeNull()
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await expect.poll(lastUsed).toEqual(new Date(clock.now))
    await early.verify(secret)
    await early.close()
    expect(await lastUsed()).toEqual(new Date(clock.now))
  })

  it('tells no cache of a use', async () => {
    const news: (string | undefined)[] = []
    const listening = await db.database.listen!('latchkey_changes', (payload) =>
      news.push(payload.split(' ')[2]),
    )
    const used = await aNewKey()
    const short = await db.latchkey()
    await short.verify(used.secret)
    await short.close()
    const next = await aNewKey()
    const [first, second] = [used, next].map(({ secret }) =>
      hashBytes(hashSecret(secret)).toString('base64url'),
    )
    // News comes in the order of the commits, so what a use had told would be between the two.
    await expect.poll(() => news).toContain(second)
    expect(news.slice(news.indexOf(first))).toEqual([first, second])
    await listening.close()
  })

  it('stores the last use when it is closed', async () => {
    const { owner, secret, id } = await aNewKey()
    const short = await db.latchkey({ now: () => clock.now + 5 })
    must((await short.verify(secret)) as Extract<Verdict, { ok: true }>)
    await Promise.all([short.close(), short.close()])
    expect((await latchkey.keys.get(owner, id))?.lastUsedAt).toEqual(new Date(clock.now + 5))
    const [listed] = must(await latchkey.keys.list(owner)).data
    expect(listed?.lastUsedAt).toEqual(new Date(clock.now + 5))
  })

  it('is ready while the database answers', async () => {
    await expect(latchkey.ready()).resolves.toBeUndefined()
  })
})
