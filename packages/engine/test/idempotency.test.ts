import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createLatchkey, type CreateOptions, type CreateResult, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fingerprint, idempotencyId, openSecret, sealSecret } from '../src/idempotency.ts'
import { ann, anOwner, ben, must, scopes, useDatabase } from './set-up.ts'

describe('a sealed secret', () => {
  const keys = fc.stringMatching(/^[\x20-\x7E]{16,255}$/)

  it('opens with the Idempotency-Key it was sealed with, and with no other', () => {
    fc.assert(
      fc.property(fc.string(), keys, keys, (secret, key, other) => {
        fc.pre(key !== other)
        const sealed = sealSecret(secret, key)
        expect(openSecret(sealed, key)).toBe(secret)
        expect(() => openSecret(sealed, other)).toThrow()
      }),
    )
  })

  it('does not open when any byte was changed', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const sealed = sealSecret('lk_live_something_secret_and_long_enough_for_this', 'a'.repeat(16))
        fc.pre(at < sealed.length)
        sealed[at]! ^= change
        expect(() => openSecret(sealed, 'a'.repeat(16))).toThrow()
      }),
    )
  })

  it('looks different every time', () => {
    expect(sealSecret('same', 'k'.repeat(16))).not.toEqual(sealSecret('same', 'k'.repeat(16)))
  })
})

describe('the identity of a request', () => {
  it('depends on everything about it, with no way to shift text from one part to the next', () => {
    const parts = { namespace: 'a', owner: 'b', actorId: 'c', idempotencyKey: 'd' }
    const ids = [
      parts,
      { ...parts, namespace: 'ab', owner: '' },
      { ...parts, namespace: 'x' },
      { ...parts, owner: 'x' },
      { ...parts, actorId: 'x' },
      { ...parts, idempotencyKey: 'x' },
    ].map((request) => idempotencyId(request).toString('hex'))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('does not depend on the order in which fields were written', () => {
    expect(fingerprint({ a: 1, b: { c: [1, 2], d: 2 } })).toEqual(
      fingerprint({ b: { d: 2, c: [1, 2] }, a: 1 }),
    )
    expect(fingerprint({ a: [1, 2] })).not.toEqual(fingerprint({ a: [2, 1] }))
  })
})

describe.each(testDatabases)('creating with an Idempotency-Key on $name', ({ create, name }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  const idempotencyKey = '8e03978e-40d5-43dd-bc93-6894a57f9324'
  const options: CreateOptions = {
    name: 'k',
    scopes: ['contacts:read'],
    metadata: { a: 1, b: [2] },
    idempotencyKey,
  }
  let latchkey: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ now: () => clock.now })
  })

  const count = async (owner: string) => must(await latchkey.keys.list(owner)).data.length

  it('answers the same request with the same key and secret, from any node', async () => {
    const owner = anOwner()
    const elsewhere = await db.latchkey({ now: () => clock.now })
    const first = must(await latchkey.keys.create(owner, ann, options))
    const again = must(
      await elsewhere.keys.create(owner, ann, {
        ...options,
        environment: 'live',
        metadata: { b: [2], a: 1 },
      }),
    )
    expect(again).toEqual({ ...first, replayed: true })
    expect(await count(owner)).toBe(1)
    expect((await elsewhere.verify(again.secret)).ok).toBe(true)
  })

  it('answers the same request alike though the end that the policy gives has moved on', async () => {
    const owner = anOwner()
    const strict = await db.latchkey({ now: () => clock.now, expiryPolicy: { maxDays: 30 } })
    const first = must(await strict.keys.create(owner, ann, options))
    clock.now += 5_000
    const again = must(await strict.keys.create(owner, ann, options))
    expect(again).toEqual({ ...first, replayed: true })
    const other = { ...options, expiresAt: new Date(clock.now + 1_000) }
    expect(await strict.keys.create(owner, ann, other)).toEqual({ ok: false, reason: 'idempotency_mismatch' })
  })

  it('does not show the secret of a key again that was revoked since, and makes no other', async () => {
    const owner = anOwner()
    const first = must(await latchkey.keys.create(owner, ann, options))
    must(await latchkey.keys.revoke(owner, ann, first.apiKey.id))
    expect(await latchkey.keys.create(owner, ann, options)).toEqual({ ok: false, reason: 'revoked' })
    expect(await count(owner)).toBe(0)
  })

  it('makes exactly one key of the same request sent many times at once', async () => {
    const owner = anOwner()
    const nodes = [latchkey, await db.latchkey({ now: () => clock.now })]
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => nodes[i % 2]!.keys.create(owner, ann, options)),
    )
    expect(await count(owner)).toBe(1)
    const answered = results.filter((result) => result.ok)
    expect(answered.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(new Set(answered.map(({ secret }) => secret)).size).toBe(1)
    const others: CreateResult[] = results.filter((result) => !result.ok)
    expect(others).toEqual(others.map(() => ({ ok: false, reason: 'idempotency_in_flight' })))
  })

  it.each([
    ['name', { name: 'other' }],
    ['environment', { environment: 'test' as const }],
    ['scopes', { scopes: [] }],
    ['metadata', { metadata: { a: 1, b: [3] } }],
    ['expiresAt', { expiresAt: new Date('2030-01-01') }],
  ])('refuses the same Idempotency-Key for a request with another %s', async (_, difference) => {
    const owner = anOwner()
    must(await latchkey.keys.create(owner, ann, options))
    const result = await latchkey.keys.create(owner, ann, { ...options, ...difference })
    expect(result).toEqual({ ok: false, reason: 'idempotency_mismatch' })
    expect(await count(owner)).toBe(1)
  })

  it('answers nobody but the person who asked first, in the same place', async () => {
    const owner = anOwner()
    const other = await db.latchkey({ namespace: 'elsewhere', now: () => clock.now })
    const { secret } = must(await latchkey.keys.create(owner, ann, options))
    for (const result of [
      await latchkey.keys.create(owner, ben, options),
      await latchkey.keys.create(anOwner(), ann, options),
      await other.keys.create(owner, ann, options),
    ]) {
      expect(must(result)).toMatchObject({ replayed: false })
      expect(must(result).secret).not.toBe(secret)
    }
  })

  it('answers with the key as it is now', async () => {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, options))
    const disabled = must(await latchkey.keys.update(owner, ann, apiKey.id, { enabled: false })).apiKey
    expect(must(await latchkey.keys.create(owner, ann, options)).apiKey).toEqual(disabled)
  })

  it('forgets after ten minutes, and then makes a new key', async () => {
    const owner = anOwner()
    const { secret } = must(await latchkey.keys.create(owner, ann, options))
    clock.now += 599_999
    expect(must(await latchkey.keys.create(owner, ann, options)).secret).toBe(secret)
    clock.now += 1
    const renewed = must(await latchkey.keys.create(owner, ann, options))
    expect(renewed.replayed).toBe(false)
    expect(renewed.secret).not.toBe(secret)
    expect(await count(owner)).toBe(2)
    expect((await latchkey.verify(secret)).ok).toBe(true)
  })

  it('removes what is kept of a create when its time is over, at the next one or within a minute', async () => {
    const kept = async (namespace: string) => {
      const where = sql`namespace = ${namespace}`
      const rows = await db.database.drizzle
        .select({ id: sql`id` })
        .from(sql`latchkey.idempotency`)
        .where(where)
      return rows.length
    }
    must(await latchkey.keys.create(anOwner(), ann, options))
    clock.now += 600_000
    must(await latchkey.keys.create(anOwner(), ann, options))
    expect(await kept('default')).toBe(1)

    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const quiet = await db.latchkey({ namespace: 'quiet', now: () => clock.now })
    must(await quiet.keys.create(anOwner(), ann, options))
    vi.advanceTimersByTime(60_000)
    await quiet.ready()
    expect(await kept('quiet')).toBe(1)
    clock.now += 600_000
    vi.advanceTimersByTime(60_000)
    vi.useRealTimers()
    await expect.poll(() => kept('quiet')).toBe(0)
  })

  it('keeps nothing of a create that was refused', async () => {
    const capped = await db.latchkey({ namespace: 'capped', maxKeysPerOwner: 1, now: () => clock.now })
    const owner = anOwner()
    const { apiKey } = must(await capped.keys.create(owner, ann, { name: 'k' }))
    expect(await capped.keys.create(owner, ann, options)).toEqual({ ok: false, reason: 'too_many_keys' })
    must(await capped.keys.revoke(owner, ann, apiKey.id))
    expect(must(await capped.keys.create(owner, ann, options)).replayed).toBe(false)
  })

  if (name !== 'PGlite in memory') {
    it('gives the same secret to the retry when the process dies between commit and answer', async () => {
      const made = await create()
      const owner = anOwner()
      const child = fork(
        new URL('create-and-die.ts', import.meta.url),
        [made.target, owner, idempotencyKey],
        {
          execArgv: ['--conditions=@latchkey/source'],
        },
      )
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])

      const survivor = await createLatchkey({ database: made.target, scopes })
      const [key] = must(await survivor.keys.list(owner)).data
      const retried = must(await survivor.keys.create(owner, ann, { name: 'k', idempotencyKey }))
      expect(retried).toMatchObject({ replayed: true, apiKey: { id: key!.id } })
      expect(await survivor.verify(retried.secret)).toMatchObject({ ok: true, key: { id: key!.id } })
      expect(must(await survivor.keys.list(owner)).data).toHaveLength(1)
      await survivor.close()
      await made.remove()
    })
  }
})
