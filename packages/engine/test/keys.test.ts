import { MAX_METADATA_BYTES, parseSecret, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

const start = Date.parse('2026-06-01T12:00:00.123Z')
const hour = 3_600_000

describe.each(testDatabases)('keys on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: start }
  let latchkey: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ now: () => clock.now })
  })

  describe('create', () => {
    it('makes a key with its defaults, shows the secret, and stores what get reads back', async () => {
      const owner = anOwner()
      const { apiKey, secret, replayed } = must(
        await latchkey.keys.create(owner, ann, { name: ' Cafe\u0301 ' }),
      )
      expect(replayed).toBe(false)
      expect(parseSecret(secret)).toEqual({ prefix: 'lk', environment: 'live', start: apiKey.start })
      expect(apiKey).toEqual({
        id: expect.stringMatching(/^key_[0-9a-z]{26}$/) as string,
        namespace: 'default',
        owner,
        name: 'Café',
        kind: 'secret',
        environment: 'live',
        start: secret.slice(0, 'lk_live_a1B2'.length),
        scopes: [],
        metadata: {},
        allowedIps: [],
        allowedOrigins: [],
        blockBrowsers: false,
        rateLimits: [],
        quota: null,
        createdAt: new Date(clock.now),
        createdBy: ann,
        updatedAt: new Date(clock.now),
        expiresAt: null,
        notBefore: null,
        disabledAt: null,
        revokedAt: null,
        revocation: null,
        version: 1,
        rotatedAt: null,
        rotateEveryDays: null,
        retiringSecret: null,
        lastUsedAt: null,
        lastUsedAddress: null,
      })
      expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(apiKey)
    })

    it('keeps everything that was asked for', async () => {
      const owner = anOwner()
      const wanted = {
        name: `Robert'); drop table keys;-- 🔑`,
        environment: 'test' as const,
        scopes: ['contacts:write', 'contacts:read'],
        expiresAt: new Date(clock.now + hour),
        metadata: { text: 'a"b\\c{},\u2028é', list: [1, -0.5, true, null, { deep: [] }], big: 1e20 },
      }
      const { apiKey } = must(await latchkey.keys.create(owner, ben, wanted))
      expect(apiKey).toMatchObject({ ...wanted, createdBy: ben })
      expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(apiKey)
    })

    it('holds a scope once that was named twice', async () => {
      const options = { name: 'k', scopes: ['contacts:read', 'contacts:read'] }
      const { apiKey } = must(await latchkey.keys.create(anOwner(), ann, options))
      expect(apiKey.scopes).toEqual(['contacts:read'])
    })

    const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) })
    it.each([
      ['name', { name: '' }],
      ['name', { name: 'a\u0000b' }],
      ['name', { name: 7 }],
      ['environment', { environment: 'prod' }],
      ['scopes', { scopes: ['contacts:delete'] }],
      ['scopes', { scopes: ['constructor'] }],
      ['scopes', { scopes: 'contacts:read' }],
      ['scopes', { scopes: [7] }],
      ['expiresAt', { expiresAt: new Date(start) }],
      ['expiresAt', { expiresAt: new Date(Number.NaN) }],
      ['expiresAt', { expiresAt: new Date(8.64e15) }],
      ['expiresAt', { expiresAt: '2030-01-01' }],
      ['metadata', { metadata: { text: 'x'.repeat(MAX_METADATA_BYTES) } }],
      ['metadata', { metadata: { text: 'a\u0000b' } }],
      ['metadata', { metadata: { 'a\u0000b': 1 } }],
      ['metadata', { metadata: { text: '\uD800' } }],
      ['metadata', { metadata: { number: Infinity } }],
      ['metadata', { metadata: { number: 1e22 } }],
      ['metadata', { metadata: { number: 1e-22 } }],
      ['metadata', { metadata: { date: new Date() } }],
      ['metadata', { metadata: { bigint: 1n } }],
      ['metadata', { metadata: JSON.parse('{"__proto__":{"admin":true}}') as object }],
      ['metadata', { metadata: [] }],
      ['metadata', { metadata: null }],
      ['metadata', { metadata: deep(17) }],
      ['idempotencyKey', { idempotencyKey: 'x'.repeat(15) }],
      ['idempotencyKey', { idempotencyKey: 'x'.repeat(256) }],
      ['idempotencyKey', { idempotencyKey: 'line\nbreak-and-more-text' }],
    ])('names the field %s when it is wrong: %o', async (field, wrong) => {
      const owner = anOwner()
      const options = { name: 'k', ...(wrong as object) }
      const result = await latchkey.keys.create(owner, ann, options)
      expect(result).toEqual({ ok: false, reason: 'invalid', field, message: expect.any(String) as string })
      expect(must(await latchkey.keys.list(owner)).data).toEqual([])
    })

    it('accepts every limit exactly', async () => {
      const metadata = { text: 'x'.repeat(MAX_METADATA_BYTES - '{"text":""}'.length) }
      const options = { name: 'n'.repeat(64), metadata, idempotencyKey: 'i'.repeat(255) }
      expect(must(await latchkey.keys.create(anOwner(), ann, options)).apiKey.metadata).toEqual(metadata)
      const nested = {
        name: 'k',
        metadata: deep(16) as Record<string, never>,
        idempotencyKey: 'i'.repeat(16),
      }
      expect(must(await latchkey.keys.create(anOwner(), ann, nested)).apiKey.metadata).toEqual(deep(16))
    })

    it.each(['', 'a\u0000b', '\uD800', 'x'.repeat(256)])(
      'refuses the owner %j as a mistake of the host',
      async (owner) => {
        await expect(latchkey.keys.create(owner, ann, { name: 'k' })).rejects.toThrow(TypeError)
        await expect(latchkey.keys.create('o', { id: owner, name: null }, { name: 'k' })).rejects.toThrow(
          TypeError,
        )
        await expect(latchkey.keys.list(owner)).rejects.toThrow(TypeError)
      },
    )

    // The second begins with creates side by side and ends with one at a time.
    it.each([5, 120])('gives an owner exactly %i keys, however many are asked for at once', async (max) => {
      const capped = await db.latchkey({ maxKeysPerOwner: max })
      const owner = anOwner()
      const results = await Promise.all(
        Array.from({ length: max + 30 }, (_, i) => capped.keys.create(owner, ann, { name: `k${i}` })),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(max)
      expect(results.filter(({ ok }) => !ok)[0]).toEqual({ ok: false, reason: 'too_many_keys' })
      const [first] = must(await capped.keys.list(owner)).data
      must(await capped.keys.revoke(owner, ann, first!.id))
      must(await capped.keys.create(owner, ann, { name: 'in its place' }))
      expect((await capped.keys.create(anOwner(), ann, { name: "another owner's" })).ok).toBe(true)
    })
  })

  describe('update', () => {
    async function aNewKey(options: { expiresAt?: Date } = {}) {
      const owner = anOwner()
      const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'before', ...options }))
      return { owner, apiKey, id: apiKey.id }
    }

    it('changes what is given and leaves the rest', async () => {
      const { owner, apiKey, id } = await aNewKey()
      clock.now += 1_000
      const changes = {
        name: 'after',
        scopes: ['contacts:read'],
        metadata: { a: 1 },
        expiresAt: new Date(clock.now + hour),
      }
      const updated = must(await latchkey.keys.update(owner, ben, id, changes)).apiKey
      expect(updated).toEqual({ ...apiKey, ...changes, updatedAt: new Date(clock.now) })
      const renamed = must(
        await latchkey.keys.update(owner, ben, id, { name: 'again', expiresAt: null }),
      ).apiKey
      expect(renamed).toEqual({ ...updated, name: 'again', expiresAt: null })
      expect(await latchkey.keys.get(owner, id)).toEqual(renamed)
    })

    it('leaves a key alone when there is nothing to change', async () => {
      const { owner, apiKey, id } = await aNewKey()
      clock.now += 1_000
      expect(must(await latchkey.keys.update(owner, ben, id, {})).apiKey).toEqual(apiKey)
      expect(must(await latchkey.keys.update(owner, ben, id, { enabled: true })).apiKey).toEqual(apiKey)
    })

    it('disables and enables, and keeps the moment of the first disabling', async () => {
      const { owner, id } = await aNewKey()
      const disabled = must(await latchkey.keys.update(owner, ann, id, { enabled: false })).apiKey
      expect(disabled.disabledAt).toEqual(new Date(clock.now))
      clock.now += 1_000
      const again = must(await latchkey.keys.update(owner, ann, id, { enabled: false })).apiKey
      expect(again.disabledAt).toEqual(disabled.disabledAt)
      const enabled = must(await latchkey.keys.update(owner, ann, id, { enabled: true })).apiKey
      expect(enabled.disabledAt).toBeNull()
    })

    it('does not enable an expired key unless it also gets more time', async () => {
      const { owner, id } = await aNewKey({ expiresAt: new Date(clock.now + hour) })
      clock.now += hour
      expect(await latchkey.keys.update(owner, ann, id, { enabled: true })).toEqual({
        ok: false,
        reason: 'expired',
      })
      const later = { enabled: true, expiresAt: new Date(clock.now + hour) }
      expect(must(await latchkey.keys.update(owner, ann, id, later)).apiKey.expiresAt).toEqual(
        later.expiresAt,
      )
    })

    it('never changes a revoked key', async () => {
      const { owner, id } = await aNewKey()
      const { apiKey: revoked } = must(await latchkey.keys.revoke(owner, ann, id))
      expect(await latchkey.keys.update(owner, ann, id, { enabled: true })).toEqual({
        ok: false,
        reason: 'revoked',
      })
      expect(await latchkey.keys.get(owner, id)).toEqual(revoked)
    })

    it.each([
      ['name', { name: '\u202E' }],
      ['scopes', { scopes: ['*'] }],
      ['expiresAt', { expiresAt: new Date(0) }],
      ['metadata', { metadata: { a: '\u0000' } }],
      ['enabled', { enabled: 'yes' }],
    ])('names the field %s when it is wrong, and changes nothing', async (field, wrong) => {
      const { owner, apiKey, id } = await aNewKey()
      const result = await latchkey.keys.update(owner, ann, id, { name: 'after', ...(wrong as object) })
      expect(result).toMatchObject({ ok: false, reason: 'invalid', field })
      expect(await latchkey.keys.get(owner, id)).toEqual(apiKey)
    })
  })

  describe('revoke', () => {
    it('keeps the record, and finds nothing to revoke the second time', async () => {
      const owner = anOwner()
      const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
      clock.now += 1_000
      const revoked = must(await latchkey.keys.revoke(owner, ben, apiKey.id)).apiKey
      const at = new Date(clock.now)
      expect(revoked).toMatchObject({ ...apiKey, revokedAt: at, revocation: { by: ben }, updatedAt: at })
      expect(await latchkey.keys.revoke(owner, ben, apiKey.id)).toEqual({ ok: false, reason: 'revoked' })
      expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(revoked)
    })

    it('succeeds for exactly one of many at once', async () => {
      const owner = anOwner()
      const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
      const results = await Promise.all(
        Array.from({ length: 10 }, () => latchkey.keys.revoke(owner, ann, apiKey.id)),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    })

    it('is never undone by changes at the same moment', async () => {
      const owner = anOwner()
      const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
      await Promise.all([
        ...Array.from({ length: 5 }, () =>
          latchkey.keys.update(owner, ann, apiKey.id, { enabled: true, name: 'n' }),
        ),
        latchkey.keys.revoke(owner, ann, apiKey.id),
        ...Array.from({ length: 5 }, () => latchkey.keys.update(owner, ann, apiKey.id, { enabled: false })),
      ])
      expect((await latchkey.keys.get(owner, apiKey.id))?.revokedAt).not.toBeNull()
    })
  })

  describe('ownership', () => {
    it("makes another owner's key look like one that does not exist, to every call", async () => {
      const owner = anOwner()
      const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
      const unknown = 'key_01h455vb4pex5vsknk084sn02q'
      for (const [who, id] of [
        [anOwner(), apiKey.id],
        [owner, unknown],
        [owner, 'nonsense'],
        [owner, '\u0000'],
        [owner, ''],
      ] as const) {
        expect(await latchkey.keys.get(who, id)).toBeNull()
        expect(await latchkey.keys.update(who, ben, id, { name: 'x' })).toEqual({
          ok: false,
          reason: 'not_found',
        })
        expect(await latchkey.keys.revoke(who, ben, id)).toEqual({ ok: false, reason: 'not_found' })
      }
      expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(apiKey)
    })

    it('keeps namespaces apart, for management and for verdicts', async () => {
      const other = await db.latchkey({ namespace: 'other', keyPrefix: 'other' })
      const owner = anOwner()
      const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
      expect(await other.keys.get(owner, apiKey.id)).toBeNull()
      expect(must(await other.keys.list(owner)).data).toEqual([])
      expect(await other.keys.revoke(owner, ann, apiKey.id)).toEqual({ ok: false, reason: 'not_found' })
      expect(await other.verify(secret)).toEqual({ ok: false, reason: 'unknown', key: null })
      expect((await latchkey.verify(secret)).ok).toBe(true)
    })
  })
})
