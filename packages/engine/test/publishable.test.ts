import { createLatchkey, parseSecret, SECRET_PATTERN, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const scopes = {
  'shop:read': { description: 'See what is sold', public: true },
  'shop:write': 'Change what is sold',
  'cart:write': { description: 'Fill a cart', public: true },
  'orders:read': { description: 'See orders' },
}
const scopeSets = {
  '@shopping': { description: 'Shop', scopes: ['shop:read', 'cart:write'] },
  '@selling': { description: 'Sell', scopes: ['shop:*'] },
}
const page = 'https://shop.example.com'
const published = { name: 'k', kind: 'publishable' as const, scopes: ['shop:read'], allowedOrigins: [page] }

describe.each(testDatabases)('publishable keys on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey({ scopes, scopeSets })
  })
  const outcome = async (node: Latchkey, secret: string, asked: object = { scopes: ['shop:read'] }) => {
    const verdict = await node.verify(secret, asked, { origin: page })
    return verdict.ok ? 'ok' : verdict.reason
  }

  it('have a prefix of their own, which a rotation keeps, and are found by scanners', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, published))
    expect(apiKey).toMatchObject({ kind: 'publishable', start: secret.slice(0, 'lk_pk_live_a1B2'.length) })
    expect(parseSecret(secret)).toMatchObject({ prefix: 'lk_pk', environment: 'live' })
    expect(secret).toMatch(new RegExp(`^${SECRET_PATTERN}$`))
    const rotated = must(await latchkey.keys.rotate(owner, ann, apiKey.id))
    expect(rotated.secret).toMatch(/^lk_pk_live_/)
    expect(rotated.apiKey.kind).toBe('publishable')
    expect(await outcome(latchkey, rotated.secret)).toBe('ok')
    const other = must(await latchkey.keys.create(owner, ann, { ...published, environment: 'test' }))
    expect(other.secret).toMatch(/^lk_pk_test_/)
  })

  it.each([
    [{ scopes: ['shop:read', 'shop:write'] }, 'scopes', /not so: shop:write$/],
    [{ scopes: ['shop:*'] }, 'scopes', /not so: shop:write$/],
    [{ scopes: ['@selling'] }, 'scopes', /not so: shop:write$/],
    [{ scopes: ['orders:read'] }, 'scopes', /not so: orders:read$/],
    [{ allowedOrigins: [] }, 'allowedOrigins', /must name the pages/],
    [{ blockBrowsers: true }, 'blockBrowsers', /must be false/],
  ])('are refused with %j, when they are made and when they are changed', async (fields, field, message) => {
    const owner = anOwner()
    const refusal = { reason: 'invalid', field, message: expect.stringMatching(message) as string }
    expect(await latchkey.keys.create(owner, ann, { ...published, ...fields })).toMatchObject(refusal)
    const { apiKey } = must(await latchkey.keys.create(owner, ann, published))
    expect(await latchkey.keys.update(owner, ann, apiKey.id, fields)).toMatchObject(refusal)
    expect(await latchkey.keys.get(owner, apiKey.id)).toEqual(apiKey)
    // A secret one may be all that.
    must(await latchkey.keys.create(owner, ann, { name: 'k', ...fields }))
  })

  it('are not ended by who merely read them in a page', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, published))
    expect(await latchkey.holders.recognise(secret)).toMatchObject({
      ok: false,
      reason: 'secret_key_required',
    })
    must(await latchkey.keys.revoke(owner, ann, apiKey.id))
    expect(await latchkey.holders.recognise(secret)).toMatchObject({ ok: false, reason: 'revoked' })
  })

  it('are no other kind later, and no kind that there is not', async () => {
    const owner = anOwner()
    expect(await latchkey.keys.create(owner, ann, { ...published, kind: 'public' as never })).toMatchObject({
      field: 'kind',
    })
    const { apiKey } = must(await latchkey.keys.create(owner, ann, published))
    const change = { name: 'n', kind: 'secret' }
    expect(must(await latchkey.keys.update(owner, ann, apiKey.id, change)).apiKey.kind).toBe('publishable')
  })

  it('open what asks for a public scope that they hold, on their pages, and nothing else', async () => {
    const options = { ...published, scopes: ['@shopping'] }
    const { secret } = must(await latchkey.keys.create(anOwner(), ann, options))
    expect(await outcome(latchkey, secret)).toBe('ok')
    expect(await outcome(latchkey, secret, { anyScope: ['orders:read', 'cart:write'] })).toBe('ok')
    expect(await outcome(latchkey, secret, { scopes: ['orders:read'] })).toBe('insufficient_scope')
    expect(await outcome(latchkey, secret, { scopes: ['shop:read', 'shop:write'] })).toBe(
      'insufficient_scope',
    )
    expect(await outcome(latchkey, secret, {})).toBe('secret_key_required')
    expect(await latchkey.verify(secret, { scopes: ['shop:read'] })).toMatchObject({
      reason: 'origin_not_allowed',
    })
  })

  it('lose at once what is public no longer, and can still be changed otherwise', async () => {
    const owner = anOwner()
    const options = { ...published, scopes: ['shop:read', 'cart:write'] }
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, options))
    const stricter = await db.latchkey({ scopes: { ...scopes, 'shop:read': 'See what is sold' } })
    expect(await outcome(stricter, secret)).toBe('insufficient_scope')
    expect(await outcome(stricter, secret, { scopes: ['cart:write'] })).toBe('ok')
    must(await stricter.keys.update(owner, ann, apiKey.id, { name: 'n', enabled: false }))
    const change = { allowedOrigins: ['https://other.example.com'] }
    expect(await stricter.keys.update(owner, ann, apiKey.id, change)).toMatchObject({ field: 'scopes' })
    // A scope that nobody declares any more is no public one either.
    const { 'cart:write': _, ...fewer } = scopes
    const poorer = await db.latchkey({ scopes: fewer })
    must(await poorer.keys.update(owner, ann, apiKey.id, { enabled: true }))
    await expect.poll(() => outcome(poorer, secret, { scopes: ['cart:write'] })).toBe('insufficient_scope')
  })

  it('never can do more than their owner', async () => {
    const owner = anOwner()
    const { secret } = must(await latchkey.keys.create(owner, ann, published))
    expect(await outcome(latchkey, secret)).toBe('ok')
    must(await latchkey.owners.setScopes(owner, ['cart:write']))
    expect(await outcome(latchkey, secret)).toBe('insufficient_scope')
    must(await latchkey.owners.setScopes(owner, ['shop:*']))
    expect(await outcome(latchkey, secret)).toBe('ok')
  })

  it('count like others against the keys that an owner may have, exactly, however many are made at once', async () => {
    const limited = await db.latchkey({ scopes, maxKeysPerOwner: 7 })
    const owner = anOwner()
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        limited.keys.create(owner, ann, i % 2 ? published : { name: 'k' }),
      ),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(7)
    expect(results.find(({ ok }) => !ok)).toEqual({ ok: false, reason: 'too_many_keys' })
    expect(must(await limited.keys.list(owner)).data).toHaveLength(7)
  })
})

describe('the options of publishable keys', () => {
  const open = (options: object) => createLatchkey({ database: 'memory:', ...options })

  it('tell which scopes are public, and have a prefix that fits behind every other', async () => {
    const latchkey = await open({ scopes, keyPrefix: 'sixteenletters_x' })
    expect(latchkey.publicScopes).toEqual(['shop:read', 'cart:write'])
    expect(latchkey.scopes).toMatchObject({
      'shop:read': 'See what is sold',
      'shop:write': 'Change what is sold',
    })
    expect(latchkey.publishableKeyPrefix).toBe('sixteenletter_pk')
    const { secret } = must(await latchkey.keys.create('owner', ann, published))
    expect(parseSecret(secret)).toMatchObject({ prefix: 'sixteenletter_pk' })
    await latchkey.close()
  })

  it.each([
    [{ publishableKeyPrefix: 'lk' }, /publishableKeyPrefix must differ/],
    [{ publishableKeyPrefix: 'PK' }, /publishableKeyPrefix must be 1 to 16/],
    [{ scopes: { a: { description: 'A', pubic: true } } }, /The scope "a" must be a description/],
    [{ scopes: { a: { description: 'A', public: 'yes' } } }, /The scope "a" must be a description/],
    [{ scopes: { a: { public: true } } }, /The scope "a" must be a description/],
    [{ scopes: { a: null } }, /The scope "a" must be a description/],
  ])('are refused when they are %j', async (options, message) => {
    await expect(open(options)).rejects.toThrow(message)
  })
})
