import { startOpenIdProvider, visitOpenIdProvider, type OpenIdServer } from '@latchkey/testing/openid'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { databases, dashboardUrl, dumpTables, findAny, startApi, type Api, type Person } from './api.ts'
import { createAuthenticator } from './authenticator.ts'
import { openIdBrowser } from './openid-browser.ts'
import { appCode } from './totp.ts'

const minute = 60_000
const redirectUri = `${dashboardUrl.origin}/sign-in/openid/callback`

/** What a reply comes down to. */
const told = (response: LightMyRequestResponse) => [
  response.statusCode,
  response.json<{ code?: string }>().code ?? null,
]

describe.each(databases)('sign-in by a real OpenID provider, on $name', ({ create }) => {
  let provider: OpenIdServer
  let api: Api
  let ada: Person
  let subjects = 0
  beforeAll(async () => {
    provider = await startOpenIdProvider(redirectUri)
    const { issuer, clientId, clientSecret } = provider
    api = await startApi(create, {
      openId: { issuer: new URL(issuer), clientId, clientSecret, name: 'Test ID' },
    })
    api.credentials.add(clientSecret)
  })
  beforeEach(async () => {
    ada = await api.addPerson()
  })
  afterEach(() => vi.useRealTimers())
  afterAll(async () => {
    await api.close()
    await provider.stop()
  })

  /** Somebody new at the provider, by their subject. */
  function known(email: string, more: { email_verified?: boolean; name?: string } = {}): string {
    const subject = `subject-${++subjects}`
    provider.people.set(subject, { email, email_verified: true, ...more })
    return subject
  }

  const browserOf = (person?: Person) => {
    const browser = openIdBrowser(api)
    if (person) browser.cookies.set('__Host-latchkey_session', person.cookie.split('=', 2)[1]!)
    return browser
  }
  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode
  const connection = async (cookie: string) =>
    (await api.inject({ url: '/v1/openid/connection', headers: { cookie } })).json<object>()

  /** Through the provider and back. */
  async function signIn(subject: string, payload: object = {}, browser = browserOf()) {
    const back = await visitOpenIdProvider(await browser.begin(payload), subject)
    return { browser, back, response: await browser.finish(back) }
  }

  /** Connects somebody who is signed in; the browser has their renewed session. */
  async function connect(person: Person, subject = known(person.email)) {
    const browser = browserOf(person)
    const location = await browser.begin({}, '/v1/openid/connection')
    const response = await browser.finish(await visitOpenIdProvider(location, subject))
    return { browser, subject, response }
  }

  async function invite(email: string): Promise<string> {
    const payload = { email, role: 'developer' }
    const headers = { cookie: ada.cookie }
    const made = await api.inject({ method: 'POST', url: '/v1/invitations', headers, payload })
    const { token } = made.json<{ token: string }>()
    api.credentials.add(token)
    return token
  }

  it('asks for a code with PKCE, state and nonce, to come back to the dashboard, and binds all to the browser', async () => {
    const browser = browserOf()
    const response = await browser.post('/v1/openid/sign-in', {})
    expect(response.headers['set-cookie']).toMatch(
      /^__Host-latchkey_openid=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const asked = Object.fromEntries(new URL(response.json<{ location: string }>().location).searchParams)
    expect(asked).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: redirectUri,
      client_id: provider.clientId,
    })
    expect(asked['scope']!.split(' ')).toContain('openid')
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]!.length).toBeGreaterThan(40)
    const rows = await dumpTables(api.database)
    expect(findAny([asked['state']!, browser.cookies.get('__Host-latchkey_openid')!], rows)).toEqual([])
    const { provider: shown } = (await api.inject({ url: '/v1/openid' })).json<{ provider: object }>()
    expect(shown).toEqual({ name: 'Test ID' })
  })

  it('takes whoever has just signed in to connect, and signs them in from then on', async () => {
    const other = await api.signIn(ada.email, ada.password)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * minute })
    const late = await browserOf(ada).post('/v1/openid/connection')
    expect(told(late)).toEqual([401, 'reauthentication_required'])
    vi.useRealTimers()
    expect(await connection(ada.cookie)).toMatchObject({ connectedAt: null, hasPassword: true })

    const { browser, subject, response } = await connect(ada)
    expect(response.json()).toMatchObject({ user: { id: ada.id } })
    expect([await status(ada.cookie), await status(other), await status(browser.session)]).toEqual([
      401, 401, 200,
    ])
    expect(await connection(browser.session)).toMatchObject({
      provider: { name: 'Test ID' },
      connectedAt: expect.any(String) as string,
    })

    // The address counts no more: neither that it is another, nor that it is not verified.
    provider.people.set(subject, { email: 'moved@example.com', email_verified: false })
    const eve = await api.addPerson()
    const signedIn = await signIn(subject, {}, browserOf(eve))
    expect(signedIn.response.json()).toMatchObject({ user: { id: ada.id } })
    expect(signedIn.browser.session).not.toBe(eve.cookie)
    expect([await status(signedIn.browser.session), await status(eve.cookie)]).toEqual([200, 401])
    expect(signedIn.browser.cookies.has('__Host-latchkey_openid')).toBe(false)
  })

  it('connects nobody by the e-mail address alone, and makes no account', async () => {
    const people = async () =>
      (await dumpTables(api.database)).filter((row) => /^account\.(users|credentials)/.test(row)).sort()
    const before = await people()
    expect(told((await signIn(known(ada.email))).response)).toEqual([403, 'openid_not_connected'])
    expect(told((await signIn(known('stranger@example.com'))).response)).toEqual([403, 'openid_unknown'])
    const unverified = known(ada.email, { email_verified: false })
    expect(told((await signIn(unverified)).response)).toEqual([403, 'openid_unverified'])
    expect(await people()).toEqual(before)
  })

  it('connects only a person with the same, verified address, one with one account', async () => {
    const unverified = await connect(ada, known(ada.email, { email_verified: false }))
    expect(told(unverified.response)).toEqual([403, 'openid_other_email'])
    const stranger = await connect(ada, known('stranger@example.com'))
    expect(told(stranger.response)).toEqual([403, 'openid_other_email'])
    expect(await connection(ada.cookie)).toMatchObject({ connectedAt: null })

    const { subject, browser } = await connect(ada)
    const again = await browser.post('/v1/openid/connection')
    expect(told(again)).toEqual([409, 'openid_connected'])
    const eve = await api.addPerson()
    provider.people.set(subject, { email: eve.email, email_verified: true })
    expect(told((await connect(eve, subject)).response)).toEqual([409, 'openid_connected'])
  })

  it('connects the account for which it was begun, and no other that is signed in by then', async () => {
    const eve = await api.addPerson()
    const browser = browserOf(ada)
    const location = await browser.begin({}, '/v1/openid/connection')
    const back = await visitOpenIdProvider(location, known(eve.email))
    browser.cookies.set('__Host-latchkey_session', eve.cookie.split('=', 2)[1]!)
    expect(told(await browser.finish(back))).toEqual([403, 'openid_expired'])
  })

  it('works once, in the browser that began it, for ten minutes', async () => {
    const { browser: home, subject } = await connect(ada)
    const { browser, back } = await signIn(subject)
    browser.cookies.set('__Host-latchkey_openid', 'x'.repeat(43))
    expect(told(await browser.finish(back))).toEqual([403, 'openid_expired'])

    // As an attacker would: their own way back, in somebody else's browser.
    const [eve, victim] = [browserOf(), browserOf()]
    await victim.begin()
    const way = await visitOpenIdProvider(await eve.begin(), subject)
    expect(told(await victim.finish(way))).toEqual([403, 'openid_expired'])
    const bare = browserOf()
    expect(told(await bare.finish(way))).toEqual([403, 'openid_expired'])
    const forged = new URL(way)
    forged.searchParams.set('state', 'x'.repeat(43))
    expect(told(await eve.finish(forged))).toEqual([403, 'openid_expired'])
    const kept = eve.cookies.get('__Host-latchkey_openid')!
    expect((await eve.finish(way)).statusCode).toBe(200)
    eve.cookies.set('__Host-latchkey_openid', kept)
    expect(told(await eve.finish(way))).toEqual([403, 'openid_expired'])

    const slow = browserOf()
    const late = await visitOpenIdProvider(await slow.begin(), subject)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * minute + 1_000 })
    expect(told(await slow.finish(late))).toEqual([403, 'openid_expired'])
    expect(await status(home.session)).toBe(200)
  })

  it.each([
    ['another nonce', 'nonce', 'x'.repeat(43)],
    ['another challenge', 'code_challenge', 'x'.repeat(43)],
  ])('refuses a code that was asked for with %s', async (_what, name, value) => {
    const { subject } = await connect(ada)
    const browser = browserOf()
    const location = new URL(await browser.begin())
    location.searchParams.set(name, value)
    const response = await browser.finish(await visitOpenIdProvider(location.href, subject))
    expect(told(response)).toEqual([403, 'openid_refused'])
    expect(browser.cookies.size).toBe(0)
  })

  it.each([
    ['a code that the provider never gave', { code: 'x'.repeat(43) }],
    ['no code', { code: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['a refusal', { code: undefined, error: 'access_denied' }],
    ['an error that no provider has', { code: undefined, error: '<script>' }],
  ])('is 403 to a way back with %s', async (_what, changes) => {
    const browser = browserOf()
    const back = await visitOpenIdProvider(await browser.begin(), known(ada.email))
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) back.searchParams.delete(name)
      else back.searchParams.set(name, value)
    }
    const response = await browser.finish(back)
    expect(told(response)).toEqual([403, 'openid_refused'])
    expect(findAny([back.searchParams.get('state')!, '<script>', 'evil'], [response.body])).toEqual([])
  })

  it('lets somebody who cancels at the provider begin again', async () => {
    const browser = browserOf()
    const back = await visitOpenIdProvider(await browser.begin(), null)
    expect(told(await browser.finish(back))).toEqual([403, 'openid_refused'])
    expect((await browser.post('/v1/openid/sign-in', {})).statusCode).toBe(200)
  })

  it('asks for the second factor, too', async () => {
    const { browser: home, subject } = await connect(ada)
    const begun = await home.post('/v1/second-factor', { password: ada.password })
    const { secret, recoveryCodes } = begun.json<{ secret: string; recoveryCodes: string[] }>()
    for (const text of [secret, ...recoveryCodes]) api.credentials.add(text)
    await home.post('/v1/second-factor/confirm', { code: appCode(secret) })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * minute })

    const { browser, response } = await signIn(subject)
    expect(told(response)).toEqual([401, 'second_factor_required'])
    expect(browser.cookies.has('__Host-latchkey_session')).toBe(false)
    const wrong = await browser.post('/v1/session/second-factor', { code: '000000', method: 'app' })
    expect(told(wrong)).toEqual([403, 'wrong_code'])
    const right = await browser.post('/v1/session/second-factor', { code: appCode(secret), method: 'app' })
    expect(right.json()).toMatchObject({ user: { id: ada.id } })
    expect(await status(browser.session)).toBe(200)

    // Whoever has come half-way is no further once the way is closed.
    vi.setSystemTime(Date.now() + 2 * minute)
    const halfWay = (await signIn(subject)).browser
    expect((await browser.delete('/v1/openid/connection')).statusCode).toBe(200)
    const late = await halfWay.post('/v1/session/second-factor', { code: appCode(secret), method: 'app' })
    expect(told(late)).toEqual([401, 'sign_in_again'])
  })

  it('is given up by whoever has just signed in, which ends all other sessions', async () => {
    const { browser, subject } = await connect(ada)
    const other = (await signIn(subject)).browser
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * minute })
    const refused = await browser.delete('/v1/openid/connection')
    expect(told(refused)).toEqual([401, 'reauthentication_required'])
    vi.useRealTimers()
    const before = browser.session
    const removed = await browser.delete('/v1/openid/connection')
    expect(removed.statusCode, removed.body).toBe(200)
    expect([await status(before), await status(other.session), await status(browser.session)]).toEqual([
      401, 401, 200,
    ])
    expect(told((await signIn(subject)).response)).toEqual([403, 'openid_not_connected'])
    expect(await api.signIn(ada.email, ada.password)).toBeTruthy()
  })

  it('is given up also by whoever has no password, once a passkey is another way in', async () => {
    const email = 'pia@example.com'
    const { browser } = await signIn(known(email), { invitation: await invite(email) })
    expect(told(await browser.delete('/v1/openid/connection'))).toEqual([409, 'last_way_in'])
    const given = (await browser.post('/v1/passkeys/challenge')).json<{ challenge: string }>()
    const credential = createAuthenticator().create(given)
    expect((await browser.post('/v1/passkeys', { name: 'Phone', credential })).statusCode).toBe(201)
    expect((await browser.delete('/v1/openid/connection')).statusCode).toBe(200)
    expect(await connection(browser.session)).toMatchObject({ connectedAt: null, hasPassword: false })
  })

  it('makes an account by an invitation, of the invited address alone, and never leaves it without a way in', async () => {
    const token = await invite('grace@example.com')
    const other = await signIn(known('other@example.com'), { invitation: token })
    expect(told(other.response)).toEqual([403, 'other_recipient'])
    const unverified = await signIn(known('grace@example.com', { email_verified: false }), {
      invitation: token,
    })
    expect(told(unverified.response)).toEqual([403, 'openid_unverified'])
    expect(told(await browserOf().post('/v1/openid/sign-in', { invitation: 'x' }))).toEqual([
      403,
      'invalid_invitation',
    ])

    const subject = known('Grace@Example.com', { name: ' Grace Hopper ' })
    const late = browserOf()
    const lateBack = await visitOpenIdProvider(
      await late.begin({ invitation: token }),
      known('grace@example.com'),
    )
    const { browser, response } = await signIn(subject, { invitation: token })
    expect(response.json()).toMatchObject({
      user: { name: 'Grace Hopper', email: 'grace@example.com' },
      workspace: { id: ada.workspaceId },
      role: 'developer',
    })
    expect(told(await late.finish(lateBack))).toEqual([403, 'invalid_invitation'])

    expect(await connection(browser.session)).toMatchObject({ hasPassword: false })
    const removed = await browser.delete('/v1/openid/connection')
    expect(told(removed)).toEqual([409, 'last_way_in'])
    expect((await signIn(subject)).response.statusCode).toBe(200)
    const passwords = { currentPassword: ada.password, newPassword: 'eight tidier otters' }
    expect(told(await browser.post('/v1/password', passwords))).toEqual([403, 'wrong_password'])
    expect(told(await browser.post('/v1/second-factor', { password: ada.password }))).toEqual([
      403,
      'wrong_password',
    ])
    const payload = { email: 'grace@example.com', password: ada.password }
    expect(told(await api.inject({ method: 'POST', url: '/v1/session', payload }))).toEqual([
      401,
      'invalid_credentials',
    ])
    expect((await signIn(subject)).response.json()).toMatchObject({ user: { email: 'grace@example.com' } })
  })

  it('takes another name than one that could deceive, and no account that exists', async () => {
    const [odd, email] = ['a\u202Eb', 'odd@example.com']
    const { response } = await signIn(known(email, { name: odd }), { invitation: await invite(email) })
    expect(response.json()).toMatchObject({ user: { name: email } })
    const taken = await api.addPerson()
    const token = await invite(taken.email)
    const refused = await signIn(known(taken.email), { invitation: token })
    expect(told(refused.response)).toEqual([409, 'account_exists'])
  })

  it('is refused to whoever is in no workspace any more', async () => {
    const guest = await api.addPerson('viewer', ada.workspaceId)
    const { subject } = await connect(guest)
    const headers = { cookie: ada.cookie }
    const { data } = (await api.inject({ url: '/v1/members', headers })).json<{
      data: { id: string; userId: string }[]
    }>()
    const { id } = data.find(({ userId }) => userId === guest.id)!
    await api.inject({ method: 'DELETE', url: `/v1/members/${id}`, headers })
    expect(told((await signIn(subject)).response)).toEqual([403, 'no_workspace'])
  })

  it('keeps no token of the provider', async () => {
    const { back } = await signIn((await connect(ada)).subject)
    const rows = (await dumpTables(api.database)).filter((row) => row.startsWith('account.credentials'))
    expect(rows.join()).toContain(provider.issuer)
    expect(findAny([back.searchParams.get('code')!, 'eyJ'], rows)).toEqual([])
  })

  it('is 503 while the provider is away, and works as soon as it is back', async () => {
    const { subject } = await connect(ada)
    const browser = browserOf()
    const back = await visitOpenIdProvider(await browser.begin(), subject)
    await provider.stop()
    expect(told(await browser.finish(back))).toEqual([503, 'unavailable'])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * minute })
    expect(told(await browser.post('/v1/openid/sign-in', {}))).toEqual([503, 'unavailable'])
    expect(await api.signIn(ada.email, ada.password)).toBeTruthy()
    await provider.start()
    vi.useRealTimers()
    expect((await signIn(subject)).response.statusCode).toBe(200)
  })
})

describe('without an OpenID provider', () => {
  it('there is none, and nothing that would lead there', async () => {
    const api = await startApi(databases[0]!.create)
    const ada = await api.addPerson()
    expect((await api.inject({ url: '/v1/openid' })).json()).toEqual({ provider: null })
    const browser = openIdBrowser(api)
    expect(told(await browser.post('/v1/openid/sign-in', {}))).toEqual([404, 'not_found'])
    expect(told(await browser.post('/v1/openid/callback', { state: 'x' }))).toEqual([404, 'not_found'])
    const headers = { cookie: ada.cookie }
    const response = await api.inject({ url: '/v1/openid/connection', headers })
    expect(response.json()).toEqual({ provider: null, connectedAt: null, hasPassword: true })
    await api.close()
  })
})
