import type { LightMyRequestResponse } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { cookieOf, databases, dumpTables, findAny, startApi, type Api, type Person } from './api.ts'
import { appCode } from './totp.ts'

interface Enrolment {
  uri: string
  secret: string
  recoveryCodes: string[]
}

const minute = 60_000

describe.each(databases)('a second factor, on $name', ({ create }) => {
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

  const post = (url: string, cookie: string, payload: object) =>
    api.inject({ method: 'POST', url, headers: { cookie }, payload })
  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode
  const state = async (cookie: string) =>
    (await api.inject({ url: '/v1/second-factor', headers: { cookie } })).json<object>()
  const code = (response: LightMyRequestResponse) => response.json<{ code: string }>().code

  async function begin(): Promise<Enrolment> {
    const response = await post('/v1/second-factor', ada.cookie, { password: ada.password })
    expect(response.statusCode, response.body).toBe(201)
    const enrolment = response.json<Enrolment>()
    api.credentials.add(enrolment.secret)
    for (const recoveryCode of enrolment.recoveryCodes) api.credentials.add(recoveryCode)
    return enrolment
  }

  /** Turned on; the person's cookie is the renewed one. */
  async function enrol(): Promise<Enrolment> {
    const enrolment = await begin()
    const response = await post('/v1/second-factor/confirm', ada.cookie, { code: appCode(enrolment.secret) })
    expect(response.statusCode, response.body).toBe(200)
    ada.cookie = cookieOf(response)!
    return enrolment
  }

  /** The first step: the cookie that stands for it. */
  async function firstStep(): Promise<string> {
    const payload = { email: ada.email, password: ada.password }
    const response = await api.inject({ method: 'POST', url: '/v1/session', payload })
    expect([response.statusCode, code(response)]).toEqual([401, 'second_factor_required'])
    expect(response.headers['www-authenticate']).toBeTruthy()
    const [cookie] = [response.headers['set-cookie']].flat() as string[]
    expect(cookie).toMatch(
      /^__Host-latchkey_second_factor=[^;]+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax/,
    )
    return cookie!.split(';', 1)[0]!
  }
  const secondStep = (cookie: string, sent: string, method: 'app' | 'recovery' = 'app') =>
    post('/v1/session/second-factor', cookie, { code: sent, method })

  /** The session cookie among those that a response sets. */
  function sessionIn(response: LightMyRequestResponse): string {
    const cookies = [response.headers['set-cookie'] ?? []].flat()
    const cookie = cookies.find((text) => text.startsWith('__Host-latchkey_session='))!.split(';', 1)[0]!
    api.credentials.add(cookie.split('=', 2)[1]!)
    return cookie
  }

  it('is off until it is confirmed, and needs the password to begin', async () => {
    expect(await state(ada.cookie)).toEqual({ enabled: false, pending: false, recoveryCodesLeft: 0 })
    const refused = await post('/v1/second-factor', ada.cookie, { password: 'not my password' })
    expect([refused.statusCode, code(refused)]).toEqual([403, 'wrong_password'])
    const { uri, secret, recoveryCodes } = await begin()
    expect(uri).toMatch(/^otpauth:\/\/totp\/Latchkey/)
    expect(secret).toMatch(/^[A-Z2-7]{32,}$/)
    expect(new Set(recoveryCodes).size).toBe(10)
    expect(await state(ada.cookie)).toEqual({ enabled: false, pending: true, recoveryCodesLeft: 0 })
    expect(await api.signIn(ada.email, ada.password)).toBeTruthy()
    const wrong = await post('/v1/second-factor/confirm', ada.cookie, { code: appCode(secret, 0) })
    expect([wrong.statusCode, code(wrong)]).toEqual([403, 'wrong_code'])
  })

  it('renews the session when it is turned on, and ends all others', async () => {
    const [before, other] = [ada.cookie, await api.signIn(ada.email, ada.password)]
    await enrol()
    expect([await status(before), await status(other), await status(ada.cookie)]).toEqual([401, 401, 200])
    expect(await state(ada.cookie)).toEqual({ enabled: true, pending: false, recoveryCodesLeft: 10 })
    const again = await post('/v1/second-factor', ada.cookie, { password: ada.password })
    expect([again.statusCode, code(again)]).toEqual([409, 'second_factor_exists'])
  })

  it('is asked for at sign-in, and its code works once', async () => {
    const { secret } = await enrol()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * minute })
    const [first, second] = [await firstStep(), await firstStep()]
    expect(await status(first)).toBe(401)
    const response = await secondStep(first, appCode(secret))
    expect(response.statusCode, response.body).toBe(200)
    expect(response.json()).toMatchObject({ user: { id: ada.id } })
    expect(await status(sessionIn(response))).toBe(200)
    const replay = await secondStep(second, appCode(secret))
    expect([replay.statusCode, code(replay)]).toEqual([401, 'sign_in_again'])
    expect((await secondStep(first, appCode(secret, Date.now() + 30_000))).statusCode).toBe(401)
  })

  it('ends the session of whoever sat there before, and is never checked against theirs', async () => {
    const { secret } = await enrol()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * minute })
    const eve = await api.addPerson()
    const cookies = `${eve.cookie}; ${await firstStep()}`
    const wrong = await secondStep(cookies, appCode(secret, 0))
    expect([wrong.statusCode, code(wrong)]).toEqual([403, 'wrong_code'])
    expect(await status(eve.cookie)).toBe(200)
    const response = await secondStep(cookies, appCode(secret))
    expect(response.json()).toMatchObject({ user: { id: ada.id } })
    expect(await status(eve.cookie)).toBe(401)
  })

  it('is not guessed: the sixth code of a sign-in is refused though it is right', async () => {
    const { secret } = await enrol()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * minute })
    const cookie = await firstStep()
    for (let round = 0; round < 5; round += 1)
      expect(code(await secondStep(cookie, '000000'))).toBe('wrong_code')
    const response = await secondStep(cookie, appCode(secret))
    expect([response.statusCode, code(response)]).toEqual([401, 'sign_in_again'])
    for (let round = 0; round < 5; round += 1) await secondStep(await firstStep(), '000000')
    const locked = await secondStep(await firstStep(), appCode(secret))
    expect([locked.statusCode, code(locked)]).toEqual([429, 'second_factor_locked'])
    vi.setSystemTime(Date.now() + 16 * minute)
    expect((await secondStep(await firstStep(), appCode(secret))).statusCode).toBe(200)
  })

  it('may be shown for five minutes after the password, and not after that was changed', async () => {
    const { secret } = await enrol()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * minute })
    const late = await firstStep()
    vi.setSystemTime(Date.now() + 5 * minute + 1_000)
    expect(code(await secondStep(late, appCode(secret)))).toBe('sign_in_again')
    const old = await firstStep()
    const newPassword = 'eight tidier otters'
    api.credentials.add(newPassword)
    const passwords = { currentPassword: ada.password, newPassword }
    expect((await post('/v1/password', ada.cookie, passwords)).statusCode).toBe(200)
    expect(code(await secondStep(old, appCode(secret)))).toBe('sign_in_again')
  })

  it('is replaced by a recovery code, each of them once', async () => {
    const { recoveryCodes } = await enrol()
    const [one, two] = recoveryCodes
    const response = await secondStep(await firstStep(), one!, 'recovery')
    expect(response.statusCode, response.body).toBe(200)
    expect(await state(sessionIn(response))).toMatchObject({ recoveryCodesLeft: 9 })
    expect(code(await secondStep(await firstStep(), one!, 'recovery'))).toBe('wrong_code')
    const renewed = await post('/v1/second-factor/recovery-codes', ada.cookie, { password: ada.password })
    const fresh = renewed.json<{ recoveryCodes: string[] }>().recoveryCodes
    for (const recoveryCode of fresh) api.credentials.add(recoveryCode)
    expect(code(await secondStep(await firstStep(), two!, 'recovery'))).toBe('wrong_code')
    expect((await secondStep(await firstStep(), fresh[0]!, 'recovery')).statusCode).toBe(200)
  })

  it('is turned off with the password, which ends all other sessions', async () => {
    const { recoveryCodes } = await enrol()
    const other = sessionIn(await secondStep(await firstStep(), recoveryCodes[0]!, 'recovery'))
    const refused = await post('/v1/second-factor/remove', ada.cookie, { password: 'not my password' })
    expect(code(refused)).toBe('wrong_password')
    const response = await post('/v1/second-factor/remove', ada.cookie, { password: ada.password })
    expect(response.statusCode, response.body).toBe(200)
    expect([await status(ada.cookie), await status(other)]).toEqual([401, 401])
    expect(await state(cookieOf(response)!)).toMatchObject({ enabled: false })
    expect(await api.signIn(ada.email, ada.password)).toBeTruthy()
  })

  it('is kept sealed: neither its secret nor a recovery code stands in any table', async () => {
    const { secret, recoveryCodes } = await enrol()
    const rows = await dumpTables(api.database)
    expect(rows.filter((row) => row.startsWith('account.second_factors')).length).toBeGreaterThan(0)
    expect(findAny([secret, ...recoveryCodes], rows)).toEqual([])
  })
})
