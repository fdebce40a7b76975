import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, startApi, type Api, type Person, type Request } from './api.ts'

const foreign: [string, Record<string, string>][] = [
  ['another site', { origin: 'https://evil.example' }],
  ['a sibling domain', { origin: 'http://sub.localhost:4000' }],
  ['another port of the same host', { origin: 'http://localhost:4001' }],
  ['the dashboard over another scheme', { origin: 'https://localhost:4000' }],
  ['a name that begins like the dashboard', { origin: 'http://localhost:4000.evil.example' }],
  ['an opaque origin', { origin: 'null' }],
  ['an empty origin', { origin: '' }],
  ['something that is no origin', { origin: 'localhost' }],
  ['two origins', { origin: 'http://localhost:4000, https://evil.example' }],
  ['a site that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['a site that the browser calls same-site', { 'sec-fetch-site': 'same-site' }],
]

const own: [string, Record<string, string>][] = [
  ['a program', {}],
  ['the dashboard', { origin: 'http://localhost:4000', 'sec-fetch-site': 'same-site' }],
  ['the API reference', { origin: 'http://localhost:3000', host: 'localhost:3000' }],
  ['the address bar', { 'sec-fetch-site': 'none' }],
]

describe('a request that changes something with the session cookie', () => {
  let api: Api
  let ada: Person
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
    ada = await api.addPerson()
  })
  afterAll(() => api.close())

  /** Each would succeed, or be refused for another reason, if the origin were not looked at. */
  const changes = (): Request[] => [
    { method: 'POST', url: '/v1/api-keys', payload: { name: 'x' } },
    { method: 'PATCH', url: '/v1/api-keys/key_01h455vb4pex5vsknk084sn02q', payload: { name: 'x' } },
    { method: 'DELETE', url: '/v1/api-keys/key_01h455vb4pex5vsknk084sn02q' },
    { method: 'DELETE', url: '/v1/session' },
    { method: 'DELETE', url: '/v1/sessions' },
    {
      method: 'POST',
      url: '/v1/password',
      payload: { currentPassword: 'x', newPassword: 'seven tidy otters' },
    },
    { method: 'POST', url: '/v1/session', payload: { email: ada.email, password: ada.password } },
    { method: 'POST', url: '/v1/setup', payload: {} },
    { method: 'POST', url: '/v1/session/second-factor', payload: { code: '000000', method: 'app' } },
    { method: 'POST', url: '/v1/second-factor', payload: { password: ada.password } },
    { method: 'POST', url: '/v1/second-factor/remove', payload: { password: ada.password } },
    { method: 'POST', url: '/v1/openid/sign-in', payload: {} },
    { method: 'POST', url: '/v1/openid/callback', payload: { state: 'x' } },
    { method: 'POST', url: '/v1/openid/connection' },
    { method: 'DELETE', url: '/v1/openid/connection' },
    { method: 'PUT', url: '/v1/session/workspace', payload: { workspaceId: ada.workspaceId } },
    { method: 'PATCH', url: '/v1/members/member_01h455vb4pex5vsknk084sn02q', payload: { role: 'viewer' } },
    { method: 'DELETE', url: '/v1/members/member_01h455vb4pex5vsknk084sn02q' },
    { method: 'POST', url: '/v1/invitations', payload: { email: 'eve@example.com', role: 'owner' } },
    { method: 'DELETE', url: '/v1/invitations/invitation_01h455vb4pex5vsknk084sn02q' },
    { method: 'POST', url: '/v1/invitation/accept', payload: {} },
    { method: 'POST', url: '/v1/invitation/join', payload: { token: 'x' } },
    {
      method: 'PUT',
      url: '/v1/operator/workspaces/workspace_01h455vb4pex5vsknk084sn02q/suspension',
      payload: { reason: 'x' },
    },
    { method: 'PUT', url: '/v1/api-keys' },
    { method: 'POST', url: '/nowhere' },
  ]

  it.each(foreign)('is refused from %s, and changes nothing', async (_who, headers) => {
    for (const change of changes()) {
      const response = await api.inject({ ...change, headers: { ...headers, cookie: ada.cookie } })
      expect(response.statusCode, `${change.method} ${change.url}`).toBe(403)
      expect(response.headers['content-type']).toContain('application/problem+json')
      expect(response.json()).toMatchObject({ code: 'cross_origin', status: 403 })
    }
    const session = await api.inject({ url: '/v1/session', headers: { cookie: ada.cookie } })
    expect(session.statusCode).toBe(200)
    const keys = await api.inject({ url: '/v1/api-keys', headers: { cookie: ada.cookie } })
    expect(keys.json()).toMatchObject({ data: [] })
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'TEXT/Plain',
    '',
  ])('is refused from another site as a form of type "%s" too', async (type) => {
    const headers = {
      origin: 'https://evil.example',
      cookie: ada.cookie,
      ...(type && { 'content-type': type }),
    }
    const response = await api.inject({
      method: 'POST',
      url: '/v1/api-keys',
      headers,
      payload: '{"name":"x"}',
    })
    expect(response.statusCode).toBe(403)
  })

  it('cannot sign anybody in from another site, even without a cookie', async () => {
    const payload = { email: ada.email, password: ada.password }
    const headers = { origin: 'https://evil.example' }
    const response = await api.inject({ method: 'POST', url: '/v1/session', headers, payload })
    expect(response.statusCode).toBe(403)
    expect(response.headers['set-cookie']).toBeUndefined()
  })

  it('is not let through by a key that comes along with the cookie', async () => {
    const headers = {
      origin: 'https://evil.example',
      cookie: ada.cookie,
      'x-api-key': 'x',
      authorization: 'x',
    }
    const response = await api.inject({
      method: 'POST',
      url: '/v1/api-keys',
      headers,
      payload: { name: 'x' },
    })
    expect(response.statusCode).toBe(403)
  })

  it.each(own)('is served from %s', async (_who, headers) => {
    const payload = { name: 'x' }
    const response = await api.inject({
      ...{ method: 'POST', url: '/v1/api-keys', payload },
      headers: { ...headers, cookie: ada.cookie },
    })
    expect(response.statusCode, response.body).toBe(201)
    const { apiKey } = response.json<{ apiKey: { id: string } }>()
    await api.inject({ method: 'DELETE', url: `/v1/api-keys/${apiKey.id}`, headers: { cookie: ada.cookie } })
  })
})

describe('a request that another site may send', () => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
  })
  afterAll(() => api.close())

  it('with a key alone is served: no browser adds a key by itself', async () => {
    const ada = await api.addPerson()
    const { secret } = await api.addKey(ada, ['contacts:write'])
    const headers = { origin: 'https://partner.example', authorization: `Bearer ${secret}` }
    const payload = { name: 'Grace Hopper', email: 'grace@example.com' }
    const response = await api.inject({ method: 'POST', url: '/v1/contacts', headers, payload })
    expect(response.statusCode, response.body).toBe(201)
  })

  it('tells no other site anything: there is no CORS', async () => {
    const headers = { origin: 'https://evil.example' }
    for (const options of [
      {
        method: 'OPTIONS',
        url: '/v1/session',
        headers: { ...headers, 'access-control-request-method': 'DELETE' },
      },
      { method: 'GET', url: '/v1/setup', headers },
    ] as const) {
      const response = await api.inject(options)
      const cors = Object.keys(response.headers).filter((name) => name.startsWith('access-control'))
      expect(cors).toEqual([])
      expect(response.headers['cross-origin-resource-policy']).toBe('same-origin')
    }
  })
})
