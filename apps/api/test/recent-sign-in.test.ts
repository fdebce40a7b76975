import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { cookieOf, databases, startApi, type Api } from './api.ts'

const minute = 60_000

describe.each(databases)('a key that manages keys, on $name', ({ create }) => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(create)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  it('is made only after a sign-in of the last ten minutes, or a proof since then', async () => {
    const { cookie, password } = await api.addPerson()
    const make = (cookie: string, scopes: string[]) =>
      api.inject({
        method: 'POST',
        url: '/v1/api-keys',
        headers: { cookie, 'idempotency-key': 'the-form-that-is-sent-again' },
        payload: { name: 'Root', scopes },
      })
    const begun = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: begun + 10 * minute })
    const refused = await make(cookie, ['keys:write'])
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      401,
      'reauthentication_required',
    ])
    expect((await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode).toBe(200)

    const proved = await api.inject({
      method: 'POST',
      url: '/v1/session/authentication/password',
      headers: { cookie },
      payload: { password },
    })
    const proven = cookieOf(proved)!
    vi.setSystemTime(begun + 20 * minute - 1000)
    expect((await make(proven, ['keys:write'])).statusCode).toBe(201)
    vi.setSystemTime(begun + 20 * minute + 1000)
    const late = { method: 'GET', url: '/v1/api-keys', headers: { cookie: proven } } as const
    const [root] = (await api.inject(late)).json<{ data: { id: string; name: string }[] }>().data
    const removed = await api.inject({ ...late, method: 'DELETE', url: `/v1/api-keys/${root!.id}` })
    expect(removed.json<{ code: string }>().code).toBe('reauthentication_required')
  })

  it('is proved by a form that is sent twice as by one', async () => {
    const { cookie, password } = await api.addPerson()
    const url = '/v1/session/authentication/password'
    const replies = await Promise.all(
      Array.from({ length: 3 }, () =>
        api.inject({ method: 'POST', url, headers: { cookie }, payload: { password } }),
      ),
    )
    const codes = replies.map(({ statusCode }) => statusCode).sort()
    expect(codes[0]).toBe(200)
    for (const code of codes) expect([200, 401]).toContain(code)
  })
})
