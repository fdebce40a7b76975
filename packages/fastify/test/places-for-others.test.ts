import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_WRONG_SECRETS_PER_MINUTE } from '@latchkey/engine'
import type { ApiKeyVerdict } from '../src/index.ts'
import { bearer, createApp, createKey, createServiceKey, KEYS } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'

const page = 'https://app.example.com'

describe('where a key may be used, for services and proxies that ask', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  let direct: FastifyInstance
  let serviceKey: string
  beforeAll(async () => {
    ;({ app } = await createApp(database(), {}, { trustProxy: '127.0.0.1' }))
    ;({ app: direct } = await createApp(database()))
    serviceKey = await createServiceKey(app)
  })
  afterAll(() => Promise.all([app.close(), direct.close()]))

  const verify = async (secret: string, fields: object = {}) => {
    const payload = { secret, scopes: ['contacts:read'], ...fields }
    const request = { method: 'POST', url: `${KEYS}/verify`, headers: bearer(serviceKey), payload } as const
    return (await app.inject(request)).json<ApiKeyVerdict>().code
  }
  const authorize = async (secret: string, headers: object = {}, to = app) => {
    const reply = await to.inject({
      url: `${KEYS}/authorize?scope=contacts:read`,
      headers: { ...bearer(secret), 'x-latchkey-key': serviceKey, ...headers },
    })
    return reply.headers['x-latchkey-code'] ?? reply.statusCode
  }
  const key = async (fields: object) =>
    (await createKey(app, 'acme', { scopes: ['contacts:read'], ...fields })).secret

  it('is held against the address that a service names', async () => {
    const secret = await key({ allowedIps: ['192.0.2.7'] })
    expect(await verify(secret, { ip: '192.0.2.7' })).toBe('valid')
    expect(await verify(secret, { ip: '::ffff:192.0.2.7' })).toBe('valid')
    expect(await verify(secret, { ip: '127.0.0.1' })).toBe('address_not_allowed')
    expect(await verify(secret)).toBe('address_not_allowed')
  })

  it('is held against the origin that a service names, which only browsers have', async () => {
    const bound = await key({ allowedOrigins: [page] })
    expect(await verify(bound, { origin: page })).toBe('valid')
    expect(await verify(bound, { origin: 'null' })).toBe('origin_not_allowed')
    expect(await verify(bound)).toBe('origin_not_allowed')
    const blocking = await key({ blockBrowsers: true })
    expect(await verify(blocking, { origin: page })).toBe('browser_not_allowed')
    expect(await verify(blocking)).toBe('valid')
  })

  it('counts wrong keys for nobody when a service names an origin and no address', async () => {
    const wrong = 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) await verify(wrong, { origin: page })
    expect(await verify(wrong, { origin: page })).toBe('invalid_key')
  })

  it('is held against the client that a trusted proxy saw, and none is known of another', async () => {
    const secret = await key({ allowedIps: ['192.0.2.7'] })
    expect(await authorize(secret, { 'x-forwarded-for': '192.0.2.7' })).toBe(200)
    expect(await authorize(secret, { 'x-forwarded-for': '192.0.2.7, 192.0.2.8' })).toBe('address_not_allowed')
    expect(await authorize(secret)).toBe('address_not_allowed')
    expect(await authorize(secret, { 'x-forwarded-for': '192.0.2.7' }, direct)).toBe('address_not_allowed')
    // The address of the proxy is nobody's.
    const local = await key({ allowedIps: ['127.0.0.1'] })
    expect(await authorize(local)).toBe('address_not_allowed')
    expect(await authorize(local, {}, direct)).toBe('address_not_allowed')
  })

  it('is held against the page that the client is on', async () => {
    const secret = await key({ allowedOrigins: [page] })
    expect(await authorize(secret, { origin: page })).toBe(200)
    expect(await authorize(secret, { origin: page }, direct)).toBe(200)
    expect(await authorize(secret, { origin: 'https://evil.example' })).toBe('origin_not_allowed')
    const host = { 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'https' }
    expect(await authorize(secret, { ...host, 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await authorize(secret, { ...host, 'sec-fetch-site': 'same-origin' }, direct)).toBe(
      'origin_not_allowed',
    )
    expect(await authorize(await key({ blockBrowsers: true }), { 'sec-fetch-dest': 'empty' })).toBe(
      'browser_not_allowed',
    )
  })

  it('is held against who connects, where the key is that of the proxy itself', async () => {
    const made = await app.latchkey.keys.create(
      'host',
      { id: 'host', name: null },
      {
        name: 'proxy',
        scopes: ['latchkey:verify'],
        allowedIps: ['127.0.0.1'],
        blockBrowsers: true,
      },
    )
    if (!made.ok) throw new Error(made.reason)
    const secret = await key({})
    const client = { 'x-forwarded-for': '192.0.2.7', origin: page }
    expect(await authorize(secret, { ...client, 'x-latchkey-key': made.secret })).toBe(200)
    const elsewhere = await app.inject({
      url: `${KEYS}/authorize`,
      headers: { ...bearer(secret), 'x-latchkey-key': made.secret },
      remoteAddress: '192.0.2.9',
    })
    expect(elsewhere.statusCode).toBe(503)
  })

  it('opens nothing to a publishable key where no scope is asked for', async () => {
    const scopes = {
      'contacts:read': { description: 'Read contacts', public: true },
      'contacts:write': 'Write',
    }
    const { app: shop } = await createApp(database(), { scopes })
    const { secret } = await createKey(shop, 'acme', {
      kind: 'publishable',
      scopes: ['contacts:read'],
      allowedOrigins: [page],
    })
    const ask = async (fields: object) => {
      const payload = { secret, origin: page, ...fields }
      const headers = bearer(serviceKey)
      return (
        await shop.inject({ method: 'POST', url: `${KEYS}/verify`, headers, payload })
      ).json<ApiKeyVerdict>().code
    }
    expect(await ask({ scopes: ['contacts:read'] })).toBe('valid')
    expect(await ask({ anyScope: ['contacts:read'] })).toBe('valid')
    expect(await ask({})).toBe('secret_key_required')
    expect(await ask({ scopes: [] })).toBe('secret_key_required')
    await shop.close()
  })
})
