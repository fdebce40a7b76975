import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { databases, startApi, type Api } from './api.ts'
import { startForgingProvider, type Sayings } from './forging-provider.ts'
import { openIdBrowser } from './openid-browser.ts'

const hour = 3600
const now = () => Math.floor(Date.now() / 1000)

describe('what an OpenID provider says', () => {
  let provider: Awaited<ReturnType<typeof startForgingProvider>>
  let api: Api
  beforeAll(async () => {
    provider = await startForgingProvider('latchkey')
    api = await startApi(databases[0]!.create, {
      openId: {
        issuer: new URL(provider.issuer),
        clientId: 'latchkey',
        clientSecret: 'swordfish-1',
        name: 'Test ID',
      },
    })
    api.credentials.add('swordfish-1')
  })
  afterEach(() => provider.reset())
  afterAll(async () => {
    await api.close()
    await provider.stop()
  })

  /** A sign-in of nobody here: what is taken for true ends with `openid_unknown`. */
  async function outcome(changes: Partial<Sayings> = {}): Promise<unknown[]> {
    const browser = openIdBrowser(api)
    const { searchParams } = new URL(await browser.begin())
    const claims = { nonce: searchParams.get('nonce')!, ...changes.claims }
    Object.assign(provider.says, changes, { claims })
    const back = new URL(`http://x/?code=x&state=${searchParams.get('state')}`)
    return told(await browser.finish(back))
  }
  const told = (response: LightMyRequestResponse) => [
    response.statusCode,
    response.json<{ code: string }>().code,
  ]

  it('is believed when it is signed, for us, of now, and for this sign-in', async () => {
    expect(await outcome()).toEqual([403, 'openid_unknown'])
  })

  it.each<[string, () => Partial<Sayings>]>([
    ['signed by another key', () => ({ signedBy: 'another key' })],
    ['not signed', () => ({ signedBy: 'nobody' })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['for another client', () => ({ claims: { aud: 'another' } })],
    ['for several clients, handed to another', () => ({ claims: { aud: ['latchkey', 'b'], azp: 'b' } })],
    ['over', () => ({ claims: { exp: now() - hour, iat: now() - 2 * hour } })],
    ['of tomorrow', () => ({ claims: { nbf: now() + hour } })],
    ['without an end', () => ({ claims: { exp: null } })],
    ['for another sign-in', () => ({ claims: { nonce: 'x' } })],
    ['for no sign-in', () => ({ claims: { nonce: null } })],
    ['about nobody', () => ({ claims: { sub: null } })],
    [
      'about somebody else the second time',
      () => ({
        claims: { email: null },
        userInfo: { sub: 'else', email: 'x@example.com', email_verified: true },
      }),
    ],
  ])('is refused when it is %s', async (_what, changes) => {
    expect(await outcome(changes())).toEqual([403, 'openid_refused'])
  })

  it.each<[string, Partial<Sayings>, string]>([
    [
      'on asking once more',
      {
        claims: { email: null },
        userInfo: { sub: 'somebody', email: 'x@example.com', email_verified: true },
      },
      'openid_unknown',
    ],
    ['not verified', { claims: { email_verified: false } }, 'openid_unverified'],
    ['verified in words alone', { claims: { email_verified: 'true' } }, 'openid_unverified'],
    [
      'with letters that turn into others',
      { claims: { email: '\u212Ada@example.com' } },
      'openid_unverified',
    ],
    ['as a list', { claims: { email: ['x@example.com'] } }, 'openid_unverified'],
  ])('of an address is told apart: %s', async (_what, changes, code) => {
    expect(await outcome(changes)).toEqual([403, code])
  })

  const html = { status: 200, body: '<h1>Welcome</h1>', type: 'text/html' }
  it.each<[string, Partial<Sayings>['instead']]>([
    ['a page in place of tokens', { '/token': html }],
    ['an error of its own', { '/token': { status: 500, body: '{}' } }],
    ['no tokens', { '/token': { status: 200, body: '{}' } }],
    ['that it does not know us', { '/token': { status: 401, body: '{"error":"invalid_client"}' } }],
    ['a way elsewhere', { '/token': { status: 302, body: '' } }],
    ['half an answer', { '/token': { status: 200, body: '{"access_token":' } }],
  ])('that makes no sense is a 503 or a 403 and never anything else: %s', async (_what, instead) => {
    const [status, code] = await outcome({ instead: instead! })
    expect([
      [503, 'unavailable'],
      [403, 'openid_refused'],
    ]).toContainEqual([status, code])
  })

  it.each<[string, Partial<Sayings>]>([
    ['a page', { instead: { '/.well-known/openid-configuration': html } }],
    ['nothing', { instead: { '/.well-known/openid-configuration': { status: 404, body: '' } } }],
    ['another issuer', { metadata: { issuer: 'https://evil.example' } }],
    ['no place to go to', { metadata: { authorization_endpoint: null } }],
  ])('of itself is not believed when it is %s, and nobody is sent anywhere', async (_what, changes) => {
    Object.assign(provider.says, changes)
    const other = await startApi(databases[0]!.create, {
      openId: { issuer: new URL(provider.issuer), clientId: 'latchkey', clientSecret: 'x', name: 'Test ID' },
    })
    const response = await openIdBrowser(other).post('/v1/openid/sign-in', {})
    expect(told(response)).toEqual([503, 'unavailable'])
    expect(response.headers['set-cookie']).toBeUndefined()
    await other.close()
  })
})
