import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieOf, databases, dumpTables, findAny, startApi, tokenOf, type Api, type Request } from './api.ts'

const account = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  password: 'seven tidy otters',
  workspaceName: 'Analytical Engines',
}

describe.each(databases)('one life of an account and its key, on $name', ({ create }) => {
  let api: Api
  const replies: { what: string; response: LightMyRequestResponse }[] = []
  let setUpToken: string
  let cookies: string[]
  let key: string

  beforeAll(async () => {
    api = await startApi(create)
    setUpToken = (await api.app.setUp.issueLink())!

    async function ask(options: Request): Promise<LightMyRequestResponse> {
      const response = await api.inject(options)
      replies.push({ what: `${options.method ?? 'GET'} ${options.url}`, response })
      return response
    }

    const setUp = await ask({ method: 'POST', url: '/v1/setup', payload: { ...account, token: setUpToken } })
    const first = cookieOf(setUp)!
    const newPassword = 'eight tidier otters'
    const payload = { currentPassword: account.password, newPassword }
    const changed = await ask({ method: 'POST', url: '/v1/password', headers: { cookie: first }, payload })
    const cookie = cookieOf(changed)!
    cookies = [first, cookie]
    api.credentials.add(account.password).add(newPassword).add(setUpToken)

    const session = { cookie }
    const idempotent = { ...session, 'idempotency-key': '0b9f3c5e-6a57-4a1c-9a53-0d1c1f6a7b10' }
    const wish = { name: 'Integration with CRM', scopes: ['contacts:read'] }
    const created = await ask({ method: 'POST', url: '/v1/api-keys', headers: idempotent, payload: wish })
    const { apiKey, secret } = created.json<{ apiKey: { id: string }; secret: string }>()
    key = secret

    const url = `/v1/api-keys/${apiKey.id}`
    const authorization = `Bearer ${key}`
    await ask({ url: '/v1/api-keys', headers: session })
    await ask({ url: `/v1/api-keys?q=${key.slice(0, 12)}`, headers: session })
    await ask({ url, headers: session })
    await ask({ method: 'PATCH', url, headers: session, payload: { name: 'CRM' } })
    await ask({ url: '/v1/contacts?limit=5', headers: { authorization } })
    await ask({ url: '/v1/contacts', headers: { 'x-api-key': key } })
    await ask({ method: 'POST', url: '/v1/contacts', headers: { authorization }, payload: {} })
    await ask({ url: '/v1/companies', headers: { authorization } })
    await ask({ url: `/v1/contacts?api_key=${key}` })
    await ask({ url: `/v1/contacts?access_token=${key}`, headers: { authorization } })
    await ask({ url: `/v1/contacts/${key}`, headers: { authorization } })
    await ask({ url: `/nowhere/${key}?token=${setUpToken}` })
    await ask({ url: `/%zz${key}` })
    await ask({ url: '/v1/contacts', headers: { authorization: `Bearer ${key}x` } })
    await ask({ url: '/v1/contacts', headers: { authorization, 'x-api-key': key } })
    await ask({
      method: 'POST',
      url: '/v1/session',
      payload: { email: account.email, password: account.password },
    })
    await ask({
      method: 'POST',
      url: '/v1/session',
      payload: { email: key, password: newPassword, token: key },
    })
    await ask({ method: 'POST', url: '/v1/api-keys', headers: session, payload: { name: key, secret: key } })
    await ask({ url: '/v1/session', headers: session })
    await ask({ method: 'DELETE', url, headers: session })
    await ask({ url: '/v1/contacts', headers: { authorization } })
    await ask({ method: 'DELETE', url: '/v1/session', headers: session })
    await ask({ url: '/v1/session', headers: session })
  })
  afterAll(() => api.close())

  it('happened as it should', () => {
    const statuses = replies.map(({ what, response }) => `${response.statusCode} ${what.split('?')[0]}`)
    expect(statuses.slice(0, 3)).toEqual([
      '201 POST /v1/setup',
      '200 POST /v1/password',
      '201 POST /v1/api-keys',
    ])
    expect(statuses.filter((status) => status.startsWith('5'))).toEqual([])
    const byKey = replies
      .filter(({ what }) => what === 'GET /v1/contacts')
      .map(({ response }) => response.statusCode)
    expect(byKey).toEqual([200, 401, 400, 401])
  })

  it('shows the key in exactly one reply, which nobody may store', () => {
    const holders = replies.filter(({ response }) => text(response).includes(key))
    expect(holders.map(({ what }) => what)).toEqual(['POST /v1/api-keys'])
    expect(holders[0]!.response.headers['cache-control']).toBe('no-store')
    expect(holders[0]!.response.body.split(key)).toHaveLength(2)
  })

  it('takes no key from an address', () => {
    const inAddress = replies.filter(({ what }) => what.includes('api_key='))
    expect(inAddress.map(({ response }) => response.statusCode)).toEqual([401])
  })

  it('shows no password, no set-up token and no session token in any body', () => {
    const secrets = [account.password, 'eight tidier otters', setUpToken, ...cookies.map(tokenOf)]
    expect(
      findAny(
        secrets,
        replies.map(({ response }) => response.body),
      ),
    ).toEqual([])
  })

  it('leaves none of them in any table', async () => {
    const rows = await dumpTables(api.database)
    expect(rows.length).toBeGreaterThan(160)
    const secrets = [key, account.password, 'eight tidier otters', setUpToken, ...cookies.map(tokenOf)]
    expect(findAny(secrets, rows)).toEqual([])
  })

  it('leaves none of them in the log', () => {
    const secrets = [...api.credentials, key, setUpToken, ...cookies, ...cookies.map(tokenOf)]
    expect(api.log.length).toBeGreaterThan(50)
    expect(findAny(secrets, api.log)).toEqual([])
  })
})

/** Everything of a reply: status line, headers and body. */
function text(response: LightMyRequestResponse): string {
  return `${JSON.stringify(response.headers)}\n${response.body}`
}
