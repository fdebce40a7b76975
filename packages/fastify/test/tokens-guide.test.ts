import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import {
  base64url,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CreatedToken, JsonWebKeySet } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, type NewKey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { listen } from './support/raw-http.ts'
import { AUDIENCE, ISSUER, tokenOptions } from './support/token-options.ts'

const guide = new URL('../../../docs/tokens.md', import.meta.url)
const results = new URL('../test-results/', import.meta.url).pathname

/** Signs what no Latchkey would: its public key is served beside the real ones, so that only the rules refuse it. */
const OUR_KID = 'of-the-test'

describe('the service of the guide to tokens, pasted as it stands', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  let keys: Server
  let areKeysAway = false
  let ours: { privateKey: CryptoKey; publicKey: CryptoKey }
  let real: JsonWebKeySet['keys'][number]
  let folder: string
  const services: ChildProcess[] = []
  let service: string

  beforeAll(async () => {
    ;({ app } = await createApp(database(), { tokens: tokenOptions() }))
    const address = `http://127.0.0.1:${await listen(app)}`
    ours = await generateKeyPair('EdDSA', { extractable: true })
    const ourKey = { ...(await exportJWK(ours.publicKey)), kid: OUR_KID, alg: 'EdDSA', use: 'sig' }
    keys = createServer((_request, response) => {
      void (async () => {
        const reply = await fetch(`${address}${KEYS}/jwks`)
        const jwks = (await reply.json()) as { keys: JWK[] }
        jwks.keys.push(ourKey)
        response.writeHead(areKeysAway ? 500 : 200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(jwks))
      })()
    }).listen(0, '127.0.0.1')
    await once(keys, 'listening')
    real = (await app.inject({ url: `${KEYS}/jwks` })).json<JsonWebKeySet>().keys[0]!

    const code = /```ts\n(\/\/ reports\.ts\n[^]*?)```/.exec(await readFile(guide, 'utf8'))![1]!
    // Inside the package's folder, so that Node finds jose by name, as in a service that has it installed.
    await mkdir(results, { recursive: true })
    folder = await mkdtemp(join(results, 'guide-'))
    await writeFile(join(folder, 'reports.ts'), code)
    service = await startService()
  })
  afterAll(async () => {
    for (const each of services) each.kill()
    await Promise.all([rm(folder, { recursive: true }), app.close()])
    keys.close()
  })

  async function startService(): Promise<string> {
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`
    const child = spawn(process.execPath, [join(folder, 'reports.ts')], {
      env: { ...process.env, JWKS_URL: url, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    services.push(child)
    const [printed] = (await once(child.stdout, 'data')) as [Buffer]
    return printed.toString().trim().replace('[::1]', 'localhost')
  }

  async function call(token: string, at = service) {
    const reply = await fetch(`${at}/reports`, { headers: bearer(token) })
    const body = await reply.text()
    return { status: reply.status, challenge: reply.headers.get('www-authenticate'), body }
  }

  async function aToken(fields: NewKey = {}, payload: object = {}) {
    const { id, secret } = await createKey(app, 'acme', { scopes: ['contacts:*'], ...fields })
    const headers = bearer(secret)
    const reply = await app.inject({ method: 'POST', url: `${KEYS}/token`, headers, payload })
    expect(reply.statusCode).toBe(200)
    return { id, secret, token: reply.json<CreatedToken>().access_token }
  }

  const nowSeconds = () => Math.floor(Date.now() / 1_000)

  /** A token as Latchkey would make it, but for the differences; undefined leaves a claim out. */
  function forge(differences: Record<string, unknown> = {}, header: object = {}) {
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'key_01h455vb4pex5vsknk084sn02q',
      iat: nowSeconds(),
      exp: nowSeconds() + 300,
      scope: 'contacts:read',
      owner: 'acme',
      environment: 'live',
      ...differences,
    }
    const signer = new SignJWT(JSON.parse(JSON.stringify(claims)) as JWTPayload)
    return signer.setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: OUR_KID, ...header })
  }

  it('lets a token in that a key got, and knows whose it is', async () => {
    const { token } = await aToken()
    expect(await call(token)).toMatchObject({ status: 200, body: '{"owner":"acme"}' })
  })

  it('lets it in even when its key was revoked: nobody is asked', async () => {
    const { id, token } = await aToken()
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
    expect((await call(token)).status).toBe(200)
  })

  it('refuses what it must: another service’s token, a test key’s, one with too little, and the key itself', async () => {
    const refused = { status: 401, challenge: 'Bearer error="invalid_token"', body: '' }
    expect(await call((await aToken({}, { audience: 'search' })).token)).toEqual(refused)
    expect(await call((await aToken({ environment: 'test' })).token)).toEqual(refused)
    expect(await call((await aToken()).secret)).toEqual(refused)
    const narrow = await aToken({}, { scopes: ['contacts:write'] })
    const lacking = { status: 403, challenge: 'Bearer error="insufficient_scope"', body: '' }
    expect(await call(narrow.token)).toEqual(lacking)
  })

  it('has nothing against a token but what is wrong with it', async () => {
    expect((await call(await forge().sign(ours.privateKey))).status).toBe(200)
    expect((await call(await forge({ exp: nowSeconds() - 2 }).sign(ours.privateKey))).status).toBe(200)
  })

  it.each([
    ['of another issuer', () => forge({ iss: 'https://evil.example.com' })],
    ['of no issuer', () => forge({ iss: undefined })],
    ['for another audience', () => forge({ aud: 'https://other.example.com' })],
    ['for nobody', () => forge({ aud: undefined })],
    ['that has expired', () => forge({ exp: nowSeconds() - 10 })],
    ['that never expires', () => forge({ exp: undefined })],
    ['that is not valid yet', () => forge({ nbf: nowSeconds() + 60 })],
    ['without an owner', () => forge({ owner: undefined })],
    ['of another type', () => forge({}, { typ: 'JWT' })],
    ['of no type', () => forge({}, { typ: undefined })],
    ['with an unknown kid', () => forge({}, { kid: 'nobody' })],
    ['with the kid of another key', () => forge({}, { kid: real.kid })],
    ['without a kid, while there are several keys', () => forge({}, { kid: undefined })],
  ])('refuses a token %s', async (_, make) => {
    expect((await call(await make().sign(ours.privateKey))).status).toBe(401)
  })

  it('refuses a token with a critical header that it does not know', async () => {
    const signer = forge({}, { crit: ['purpose'], purpose: 'evil' })
    const token = await signer.sign(ours.privateKey, { crit: { purpose: true } })
    expect((await call(token)).status).toBe(401)
  })

  it('refuses a token that brings the key to verify it with', async () => {
    const theirs = await generateKeyPair('EdDSA', { extractable: true })
    const jwk = await exportJWK(theirs.publicKey)
    for (const header of [
      { jwk },
      { jwk, kid: 'theirs' },
      { kid: real.kid },
      { jku: 'http://127.0.0.1:1/' },
    ]) {
      expect((await call(await forge({}, header).sign(theirs.privateKey))).status).toBe(401)
    }
  })

  it('refuses a token that chooses how it is verified: none, or HMAC with the public key', async () => {
    const payload = decodeJwt(await forge().sign(ours.privateKey))
    expect((await call(new UnsecuredJWT(payload).encode())).status).toBe(401)
    const unsigned = [{ alg: 'none', typ: 'at+jwt', kid: real.kid }, payload].map((part) =>
      base64url.encode(JSON.stringify(part)),
    )
    expect((await call(`${unsigned.join('.')}.`)).status).toBe(401)

    const forms = [
      base64url.decode(real.x),
      new TextEncoder().encode(real.x),
      new TextEncoder().encode(JSON.stringify(real)),
    ]
    for (const secret of forms) {
      for (const alg of ['HS256', 'HS512']) {
        expect((await call(await forge({}, { alg, kid: real.kid }).sign(secret))).status).toBe(401)
      }
    }
    const rsa = await generateKeyPair('RS256')
    expect((await call(await forge({}, { alg: 'RS256', kid: real.kid }).sign(rsa.privateKey))).status).toBe(
      401,
    )
  })

  it('refuses a token of which anything was changed', async () => {
    const { token } = await aToken()
    const [header, payload, signature] = token.split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload
    const richer = base64url.encode(JSON.stringify({ ...claims, owner: 'somebody else' }))
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
    for (const changed of [
      `${header}.${richer}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      payload,
    ]) {
      expect((await call(changed)).status).toBe(401)
    }
    expect((await fetch(`${service}/reports`)).status).toBe(401)
  })

  it('answers 503, not 401, while it cannot get the keys', async () => {
    const { token } = await aToken()
    areKeysAway = true
    const fresh = await startService()
    expect((await call(token, fresh)).status).toBe(503)
    areKeysAway = false
    expect((await call(token, fresh)).status).toBe(200)
  })
})
