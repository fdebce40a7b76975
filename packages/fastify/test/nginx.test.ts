import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MAX_WRONG_SECRETS_PER_MINUTE } from '@latchkey/engine'
import { freePort, startNginx, startPython, type Nginx } from '@latchkey/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, callAs, createApp, createKey, createServiceKey, KEYS } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { listen } from './support/raw-http.ts'
import { get, type Answer } from './support/reverse-proxy.ts'

/** The configuration that the documentation tells people to use. */
const page = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8')
const documented = /### nginx\n[^]*?```nginx\n([^]*?)```/.exec(page)![1]!

/** What the service in Python says that it was sent. */
interface Seen {
  method: string
  path: string
  headers: [string, string][]
  body: string
}

describe('a service in Python behind nginx, as docs/proxies.md sets it up', () => {
  const database = useEmbeddedDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-proxy-key-'))
  let app: FastifyInstance
  let nginx: Nginx
  let stopService: () => Promise<void>
  let base: string
  let proxyKeyId: string
  beforeAll(async () => {
    ;({ app } = await createApp(database(), {}, { trustProxy: true }))
    const api = await listen(app)
    const [service, proxy] = [await freePort(), await freePort()]
    stopService = await startPython(fileURLToPath(new URL('support/echo-service.py', import.meta.url)), [
      String(service),
    ])
    const key = join(folder, 'latchkey-key.conf')
    writeFileSync(key, `proxy_set_header X-Latchkey-Key ${await createServiceKey(app)};\n`)
    proxyKeyId = await idOfTheProxysKey()
    const ours: [string, string][] = [
      ['server 127.0.0.1:3000;', `server 127.0.0.1:${api};`],
      ['server 127.0.0.1:8000;', `server 127.0.0.1:${service};`],
      ['listen 8080;', `listen 127.0.0.1:${proxy};`],
      ['include /etc/nginx/latchkey-key.conf;', `include ${key};`],
    ]
    let configuration = documented
    for (const [theirs, replacement] of ours) {
      expect(configuration.split(theirs)).toHaveLength(2)
      configuration = configuration.replace(theirs, replacement)
    }
    nginx = await startNginx(configuration, proxy)
    base = `http://127.0.0.1:${proxy}`
  })
  afterAll(async () => {
    await nginx?.stop()
    await stopService?.()
    await app.close()
    rmSync(folder, { recursive: true })
  })

  async function idOfTheProxysKey(): Promise<string> {
    const found = await app.latchkey.keys.list('host')
    if (!found.ok) throw new Error(found.message)
    return found.data[0]!.id
  }

  const call = (headers: Record<string, string>, path = '/contacts', init: RequestInit = {}) =>
    fetch(base + path, { ...init, headers })

  /** What the service was sent of a request that passes, each header once. */
  async function seenOf(
    reply: Response,
  ): Promise<Omit<Seen, 'headers'> & { headers: Record<string, string> }> {
    expect(reply.status).toBe(200)
    const seen = (await reply.json()) as Seen
    const headers = Object.fromEntries(seen.headers)
    expect(Object.keys(headers)).toHaveLength(seen.headers.length)
    return { ...seen, headers }
  }

  it('200: the service learns whose key it is, and never the key', async () => {
    const owner = 'Łódź, "Inc."\r\nX-Latchkey-Owner: globex'
    const { id, secret } = await createKey(app, owner, { scopes: ['contacts:read'] })
    for (const credential of [bearer(secret), { 'x-api-key': secret }]) {
      const { headers, path } = await seenOf(await call(credential, '/contacts?q=ada&scope=x'))
      expect(path).toBe('/contacts?q=ada&scope=x')
      expect(headers).toMatchObject({
        'x-latchkey-key-id': id,
        'x-latchkey-owner': encodeURIComponent(owner),
        'x-latchkey-scopes': 'contacts:read',
        'x-latchkey-environment': 'live',
      })
      for (const name of ['authorization', 'x-api-key', 'x-latchkey-key'])
        expect(headers).not.toHaveProperty(name)
      expect(JSON.stringify(headers)).not.toContain(secret)
    }
  })

  it('403: a key is held against the address and the page that nginx saw, whatever a client claims', async () => {
    const ask = async (fields: object, claims: Record<string, string> = {}) => {
      const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'], ...fields })
      return (await get({ port: Number(new URL(base).port), from: '127.0.0.2' }, '/contacts', {
        ...bearer(secret),
        ...claims,
      })) satisfies Answer
    }
    expect((await ask({ allowedIps: ['127.0.0.2'] })).status).toBe(200)
    const claims = { 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '192.0.2.7', forwarded: 'for=192.0.2.7' }
    const refused = await ask({ allowedIps: ['192.0.2.7'] }, claims)
    expect(refused).toMatchObject({
      status: 403,
      body: expect.stringContaining('address_not_allowed') as string,
    })

    const allowedOrigins = ['https://app.example.com', `http://127.0.0.1:${new URL(base).port}`]
    expect((await ask({ allowedOrigins }, { origin: 'https://app.example.com' })).status).toBe(200)
    expect((await ask({ allowedOrigins }, { origin: 'https://evil.example' })).body).toContain(
      'origin_not_allowed',
    )
    expect((await ask({ allowedOrigins })).body).toContain('origin_not_allowed')
    expect((await ask({ allowedOrigins }, { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    const elsewhere = {
      'sec-fetch-site': 'same-origin',
      host: 'other.example',
      'x-forwarded-host': base.slice(7),
    }
    expect((await ask({ allowedOrigins }, elsewhere)).body).toContain('origin_not_allowed')
    expect((await ask({ blockBrowsers: true }, { 'sec-fetch-site': 'none' })).body).toContain(
      'browser_not_allowed',
    )
    expect((await ask({ blockBrowsers: true })).status).toBe(200)
  })

  it('200: whatever a client claims about itself is replaced', async () => {
    const { id, secret } = await createKey(app, 'acme', { scopes: ['contacts:read'], environment: 'test' })
    const claims = {
      'X-Latchkey-Owner': 'globex',
      'x-latchkey-scopes': 'contacts:read contacts:write',
      'X-LATCHKEY-KEY-ID': 'key_of_somebody_else',
      'X-Latchkey-Environment': 'live',
      'X-Latchkey-Key': 'mine',
      'X-Latchkey-Require': 'cost=0',
      X_Latchkey_Owner: 'globex',
    }
    const { headers } = await seenOf(await call({ ...bearer(secret), ...claims }))
    expect(headers).toMatchObject({
      'x-latchkey-owner': 'acme',
      'x-latchkey-scopes': 'contacts:read',
      'x-latchkey-key-id': id,
      'x-latchkey-environment': 'test',
    })
    for (const name of ['x_latchkey_owner', 'x-latchkey-key']) expect(headers).not.toHaveProperty(name)
  })

  it('200: the body reaches the service, and only the service', async () => {
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read', 'contacts:write'] })
    const body = JSON.stringify({ name: 'Ada', notes: 'x'.repeat(50_000) })
    const request = { method: 'POST', body }
    const seen = await seenOf(
      await call({ ...bearer(secret), 'content-type': 'application/json' }, '/contacts/import', request),
    )
    expect(seen).toMatchObject({ method: 'POST', path: '/contacts/import', body })
  })

  it('401, with a challenge: no key, an unknown, a revoked one, or two', async () => {
    const { id, secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    expect((await call(bearer(secret))).status).toBe(200)
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
    const other = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    for (const [headers, challenge] of [
      [{}, 'Bearer realm="default"'],
      [bearer('nonsense'), 'Bearer realm="default", error="invalid_token"'],
      [bearer(secret), 'Bearer realm="default", error="invalid_token"'],
      [
        { ...bearer(other.secret), 'x-api-key': other.secret },
        'Bearer realm="default", error="invalid_request"',
      ],
    ] as const) {
      const reply = await call(headers)
      expect(reply.status).toBe(401)
      expect(reply.headers.get('www-authenticate')).toBe(challenge)
    }
  })

  it('403: a key without the scope of the address', async () => {
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    const reply = await call(bearer(secret), '/contacts/import?scope=contacts:read&cost=0')
    expect(reply.status).toBe(403)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(await reply.json()).toMatchObject({ status: 403, code: 'insufficient_scope' })
  })

  it('429, with Retry-After: a key that has reached a limit, and a client with many wrong keys', async () => {
    const rateLimits = [{ name: 'burst', limit: 1, windowSeconds: 60 }]
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'], rateLimits })
    expect((await call(bearer(secret))).status).toBe(200)
    const limited = await call(bearer(secret))
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await limited.json()).toMatchObject({ status: 429, code: 'rate_limited' })

    // Some were presented above; and the more time this takes, the more of them are forgiven meanwhile.
    let guesses = 0
    let last = await call(bearer('nonsense'))
    for (; last.status === 401; last = await call(bearer('nonsense'))) guesses++
    expect(guesses).toBeGreaterThan(MAX_WRONG_SECRETS_PER_MINUTE / 2)
    expect(last.status).toBe(429)
    expect(await last.json()).toMatchObject({ code: 'too_many_attempts' })
    const good = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    expect((await call(bearer(good.secret))).status).toBe(200)
  })

  it('404: nobody asks the question in place of nginx', async () => {
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    expect((await call(bearer(secret), '/_latchkey')).status).toBe(404)
  })

  // Last, since nothing passes afterwards.
  it("500, and not 401: the proxy's own key was revoked", async () => {
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    expect((await call(bearer(secret))).status).toBe(200)
    await app.latchkey.keys.revoke('host', { id: 'host', name: null }, proxyKeyId)
    expect((await call(bearer(secret))).status).toBe(500)
    expect(nginx.log()).toContain('auth request unexpected status: 503')
  })
})
