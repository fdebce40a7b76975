import { sql } from 'drizzle-orm'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { passkeys } from '../src/account/tables.ts'
import { cookieOf, databases, dumpTables, startApi, type Api, type Person } from './api.ts'
import { createAuthenticator, type Behaviour } from './authenticator.ts'
import { appCode } from './totp.ts'

const minute = 60_000

type Authenticator = ReturnType<typeof createAuthenticator>

describe.each(databases)('passkeys, on $name', ({ create }) => {
  let api: Api
  let ada: Person
  beforeAll(async () => {
    api = await startApi(create)
  })
  beforeEach(async () => {
    ada = await api.addPerson()
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  const post = (url: string, cookie: string, payload?: object) =>
    api.inject({ method: 'POST', url, headers: { cookie }, ...(payload && { payload }) })
  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode
  const said = (response: LightMyRequestResponse) => [
    response.statusCode,
    response.json<{ code: string }>().code,
  ]
  const listed = async ({ cookie }: Person) =>
    (await api.inject({ url: '/v1/passkeys', headers: { cookie } })).json<{
      data: { id: string; name: string; synced: boolean; lastUsedAt: string | null }[]
    }>().data

  /** A challenge, and the cookie of the browser that was given it. */
  async function challenge(url: string, cookie = ''): Promise<{ challenge: string; cookie: string }> {
    const response = await post(url, cookie)
    expect(response.statusCode, response.body).toBe(200)
    const [set] = [response.headers['set-cookie']].flat() as string[]
    expect(set).toMatch(
      /^__Host-latchkey_passkey=[^;]+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax/,
    )
    return { challenge: response.json<{ challenge: string }>().challenge, cookie: set!.split(';', 1)[0]! }
  }

  async function add(
    person: Person,
    authenticator = createAuthenticator(),
    behaviour?: Behaviour,
  ): Promise<LightMyRequestResponse> {
    const given = await challenge('/v1/passkeys/challenge', person.cookie)
    const credential = authenticator.create(given, behaviour)
    return post('/v1/passkeys', `${person.cookie}; ${given.cookie}`, { name: ' Phone ', credential })
  }

  async function added(person: Person): Promise<Authenticator> {
    const authenticator = createAuthenticator()
    const response = await add(person, authenticator)
    expect(response.statusCode, response.body).toBe(201)
    return authenticator
  }

  async function signIn(authenticator: Authenticator, behaviour?: Behaviour, cookie = '') {
    const given = await challenge('/v1/session/passkey/challenge')
    const credential = authenticator.get(given, behaviour)
    return post('/v1/session/passkey', `${cookie}; ${given.cookie}`, { credential })
  }

  it('is added, listed, renamed, signs in and is removed', async () => {
    const authenticator = await added(ada)
    const [passkey] = await listed(ada)
    expect(passkey).toMatchObject({ name: 'Phone', synced: true, lastUsedAt: null })
    expect(JSON.stringify(passkey)).not.toContain(authenticator.id)

    const url = `/v1/passkeys/${passkey!.id}`
    const headers = { cookie: ada.cookie }
    const renamed = await api.inject({ method: 'PATCH', url, headers, payload: { name: 'Old phone' } })
    expect(renamed.json()).toMatchObject({ id: passkey!.id, name: 'Old phone' })

    const response = await signIn(authenticator)
    expect(response.statusCode, response.body).toBe(200)
    expect(response.json()).toMatchObject({ user: { id: ada.id } })
    const there = cookieOf(response)!
    expect(await status(there)).toBe(200)
    expect((await listed(ada))[0]!.lastUsedAt).not.toBeNull()
    const sessions = await api.inject({ url: '/v1/sessions', headers: { cookie: there } })
    const { data } = sessions.json<{ data: { current: boolean; userAgent: string; address: string }[] }>()
    const begun = data.find(({ current }) => current)!
    expect([begun.userAgent, begun.address]).toEqual(['lightMyRequest', expect.stringMatching(/^10\./)])

    expect((await api.inject({ method: 'DELETE', url, headers })).statusCode).toBe(204)
    expect([await status(there), await status(ada.cookie)]).toEqual([401, 200])
    expect(said(await signIn(authenticator))).toEqual([401, 'invalid_passkey'])
    expect((await api.inject({ method: 'DELETE', url, headers })).statusCode).toBe(404)
  })

  it('asks for a key that the device keeps and opens for its person alone, at the configured address', async () => {
    const headers = { cookie: ada.cookie, host: 'evil.example' }
    const url = '/v1/passkeys/challenge'
    const creation = (await api.inject({ method: 'POST', url, headers })).json<object>()
    expect(creation).toMatchObject({
      rp: { id: 'localhost', name: 'Latchkey' },
      user: { name: ada.email },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    const asked = await api.inject({ method: 'POST', url: '/v1/session/passkey/challenge', headers })
    expect(asked.json()).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(asked.json()).not.toHaveProperty('allowCredentials')
  })

  it('begins a new session, ends that of whoever sat there before, and stands for both factors', async () => {
    const authenticator = await added(ada)
    const begun = await post('/v1/second-factor', ada.cookie, { password: ada.password })
    const { secret, recoveryCodes } = begun.json<{ secret: string; recoveryCodes: string[] }>()
    for (const shown of [secret, ...recoveryCodes]) api.credentials.add(shown)
    const on = await post('/v1/second-factor/confirm', ada.cookie, { code: appCode(secret) })
    expect(on.statusCode, on.body).toBe(200)
    const eve = await api.addPerson()
    const response = await signIn(authenticator, {}, eve.cookie)
    expect(response.json()).toMatchObject({ user: { id: ada.id } })
    expect(await status(eve.cookie)).toBe(401)
  })

  it('takes each challenge once, for five minutes, from the browser that it was given to', async () => {
    const authenticator = await added(ada)
    const [mine, other] = [
      await challenge('/v1/session/passkey/challenge'),
      await challenge('/v1/session/passkey/challenge'),
    ]
    const answer = { credential: authenticator.get(mine) }
    expect(said(await post('/v1/session/passkey', other.cookie, answer))).toEqual([401, 'invalid_passkey'])
    expect(said(await post('/v1/session/passkey', '', answer))).toEqual([401, 'invalid_passkey'])
    expect((await post('/v1/session/passkey', mine.cookie, answer)).statusCode).toBe(200)
    expect(said(await post('/v1/session/passkey', mine.cookie, answer))).toEqual([401, 'invalid_passkey'])

    const late = await challenge('/v1/session/passkey/challenge')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * minute + 1_000 })
    const tooLate = await post('/v1/session/passkey', late.cookie, { credential: authenticator.get(late) })
    expect(said(tooLate)).toEqual([401, 'invalid_passkey'])
    await challenge('/v1/session/passkey/challenge')
    const rows = (await dumpTables(api.database)).filter((row) => row.includes('expectedChallenge'))
    expect(rows).toHaveLength(1)
  })

  it.each<[string, Behaviour]>([
    ['made for a page of another site', { origin: 'https://evil.example' }],
    ['made for another port', { origin: 'http://localhost:4001' }],
    ['made for another name', { rpId: 'evil.example' }],
    ['made without knowing its person', { userVerified: false }],
  ])('is refused when it was %s', async (_what, behaviour) => {
    expect(said(await add(ada, createAuthenticator(), behaviour))).toEqual([403, 'passkey_not_added'])
    expect(await listed(ada)).toEqual([])
    const authenticator = await added(ada)
    expect(said(await signIn(authenticator, behaviour))).toEqual([401, 'invalid_passkey'])
  })

  it('is refused when somebody else signed, or when it counts backwards', async () => {
    const authenticator = await added(ada)
    const given = await challenge('/v1/session/passkey/challenge')
    const forged = { ...createAuthenticator().get(given), id: authenticator.id, rawId: authenticator.id }
    expect(said(await post('/v1/session/passkey', given.cookie, { credential: forged }))).toEqual([
      401,
      'invalid_passkey',
    ])
    expect((await signIn(authenticator, { counter: 7 })).statusCode).toBe(200)
    for (const counter of [7, 6, 0])
      expect(said(await signIn(authenticator, { counter }))).toEqual([401, 'invalid_passkey'])
    expect((await signIn(authenticator, { counter: 8 })).statusCode).toBe(200)
  })

  it('is added by the person who was given the challenge, for no other purpose, and once', async () => {
    const eve = await api.addPerson()
    const authenticator = createAuthenticator()
    const given = await challenge('/v1/passkeys/challenge', ada.cookie)
    const body = { name: 'Phone', credential: authenticator.create(given) }
    expect(said(await post('/v1/passkeys', `${eve.cookie}; ${given.cookie}`, body))).toEqual([
      403,
      'passkey_not_added',
    ])
    const forSignIn = await challenge('/v1/session/passkey/challenge', ada.cookie)
    const misused = { name: 'Phone', credential: authenticator.create(forSignIn) }
    expect(said(await post('/v1/passkeys', `${ada.cookie}; ${forSignIn.cookie}`, misused))).toEqual([
      403,
      'passkey_not_added',
    ])
    expect((await add(ada, authenticator)).statusCode).toBe(201)
    expect(said(await add(eve, authenticator))).toEqual([403, 'passkey_not_added'])
    expect(await listed(eve)).toEqual([])
  })

  it('is no other person’s to rename or to remove', async () => {
    await added(ada)
    const [passkey] = await listed(ada)
    const eve = await api.addPerson('owner', ada.workspaceId)
    const request = { url: `/v1/passkeys/${passkey!.id}`, headers: { cookie: eve.cookie } }
    const renamed = await api.inject({ ...request, method: 'PATCH', payload: { name: 'Mine' } })
    const removed = await api.inject({ ...request, method: 'DELETE' })
    expect([renamed.statusCode, removed.statusCode]).toEqual([404, 404])
    expect(await listed(ada)).toEqual([passkey])
  })

  it('is added and removed only after a sign-in of the last ten minutes, or a proof since then', async () => {
    const authenticator = await added(ada)
    const [passkey] = await listed(ada)
    const remove = () =>
      api.inject({ method: 'DELETE', url: `/v1/passkeys/${passkey!.id}`, headers: { cookie: ada.cookie } })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * minute })
    for (const refused of [await remove(), await post('/v1/passkeys/challenge', ada.cookie)]) {
      expect(said(refused)).toEqual([401, 'reauthentication_required'])
      expect(refused.headers['www-authenticate']).toBeTruthy()
    }
    expect(await status(ada.cookie)).toBe(200)

    const byPassword = '/v1/session/authentication/password'
    const wrong = await post(byPassword, ada.cookie, { password: 'not my password' })
    expect(said(wrong)).toEqual([403, 'wrong_password'])
    expect(said(await remove())).toEqual([401, 'reauthentication_required'])
    const before = ada.cookie
    ada.cookie = cookieOf(await post(byPassword, before, { password: ada.password }))!
    expect([await status(before), await status(ada.cookie)]).toEqual([401, 200])
    expect((await post('/v1/passkeys/challenge', ada.cookie)).statusCode).toBe(200)

    vi.setSystemTime(Date.now() + 10 * minute)
    const byPasskey = '/v1/session/authentication/passkey'
    const given = await challenge('/v1/session/passkey/challenge')
    const foreign = await added(await api.addPerson())
    const strange = { credential: foreign.get(given) }
    expect(said(await post(byPasskey, `${ada.cookie}; ${given.cookie}`, strange))).toEqual([
      401,
      'invalid_passkey',
    ])
    const own = { credential: authenticator.get(given) }
    const proved = await post(byPasskey, `${ada.cookie}; ${given.cookie}`, own)
    expect(proved.json()).toMatchObject({ user: { id: ada.id }, workspace: { id: ada.workspaceId } })
    ada.cookie = cookieOf(proved)!
    expect((await remove()).statusCode).toBe(204)
  })

  it('is kept when it is the only way in, however many are removed at once', async () => {
    await added(ada)
    await added(ada)
    // By a provider that was set up once, nobody signs in any more.
    await api.database.drizzle.execute(sql`
      update account.credentials set provider_id = 'https://former.example/', password_hash = null
      where user_id = ${ada.id}`)
    const all = await listed(ada)
    const removals = await Promise.all(
      all.map(({ id }) =>
        api.inject({ method: 'DELETE', url: `/v1/passkeys/${id}`, headers: { cookie: ada.cookie } }),
      ),
    )
    expect(removals.map(({ statusCode }) => statusCode).sort()).toEqual([204, 409])
    expect(removals.find(({ statusCode }) => statusCode === 409)!.json()).toMatchObject({
      code: 'last_way_in',
    })
    expect(await listed(ada)).toHaveLength(1)
  })

  it('is one of twenty at most', async () => {
    const begun = await challenge('/v1/passkeys/challenge', ada.cookie)
    const rows = Array.from({ length: 20 }, (_, i) => ({
      ...{ id: `passkey_${ada.id}_${i}`, userId: ada.id, name: 'Phone', publicKey: 'x', counter: 0 },
      ...{ credentialID: `${ada.id}_${i}`, deviceType: 'singleDevice', backedUp: false },
    }))
    await api.database.drizzle.insert(passkeys).values(rows)
    expect(said(await post('/v1/passkeys/challenge', ada.cookie))).toEqual([409, 'too_many_passkeys'])
    const body = { name: 'Phone', credential: createAuthenticator().create(begun) }
    const late = await post('/v1/passkeys', `${ada.cookie}; ${begun.cookie}`, body)
    expect(said(late)).toEqual([409, 'too_many_passkeys'])
    expect(await listed(ada)).toHaveLength(20)
  })
})
