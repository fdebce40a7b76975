import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, startApi, type Api, type Person } from './api.ts'

const securityHeaders = {
  'x-content-type-options': /^nosniff$/,
  'strict-transport-security': /^max-age=31536000; includeSubDomains$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /frame-ancestors 'none'/,
  'cache-control': /^no-store$/,
}

/** What no reply may tell a stranger. */
const leaks = /\bat \S+ \(|node_modules|\.ts:\d|select |insert |drizzle|pglite|postgres|fastify/i

describe('every reply', () => {
  let api: Api
  let ada: Person
  let key: string
  let port: number
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
    ada = await api.addPerson()
    key = (await api.addKey(ada, ['contacts:read', 'contacts:write', 'companies:read'])).secret
    await api.server.listen({ host: '127.0.0.1', port: 0 })
    port = (api.server.server.address() as AddressInfo).port
  })
  afterAll(() => api.close())

  /** What the server sends to bytes that no HTTP library would write. */
  async function send(bytes: string): Promise<{ status: number; headers: string; body: string }> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.write(bytes)
    await once(socket, 'close')
    const [headers = '', body = ''] = text.split('\r\n\r\n')
    return { status: Number(headers.split(' ', 2)[1]), headers: headers.toLowerCase(), body }
  }

  const post = (payload: string, headers: Record<string, string>) =>
    api.inject({ method: 'POST', url: '/v1/contacts', payload, headers: { 'x-api-key': key, ...headers } })

  it.each([
    [200, 'GET', '/healthz', {}],
    [200, 'GET', '/readyz', {}],
    [200, 'GET', '/v1/setup', {}],
    [200, 'GET', '/openapi.json', {}],
    [401, 'GET', '/v1/session', {}],
    [401, 'GET', '/v1/contacts', {}],
    [400, 'GET', '/v1/setup?x=1', {}],
    [404, 'GET', '/nowhere', {}],
    [404, 'GET', '/', {}],
    [404, 'GET', '/v1/session/', {}],
    [404, 'GET', '//v1/session', {}],
    [404, 'GET', '/V1/session', {}],
    [404, 'GET', '/v1/session;x=1', {}],
    [404, 'GET', '/v1%2Fsession', {}],
    [404, 'GET', '/v1/constructor', {}],
    [404, 'GET', '/__proto__', {}],
    [400, 'GET', '/%zz', {}],
    [404, 'GET', `/v1/api-keys/${'x'.repeat(200)}`, {}],
    [405, 'PUT', '/v1/session', {}],
    [403, 'DELETE', '/v1/session', { origin: 'https://evil.example' }],
    [400, 'GET', '/v1/contacts', { authorization: 'Bearer x', 'x-api-key': 'x' }],
  ] as const)(
    '%i to %s %s has the security headers and no secret of the house',
    async (status, method, url, headers) => {
      const response = await api.inject({ method, url, headers })
      expect(response.statusCode, response.body).toBe(status)
      for (const [name, value] of Object.entries(securityHeaders)) {
        expect(response.headers[name], name).toMatch(value)
      }
      expect(response.headers['content-type']).toMatch(/; charset=utf-8$/)
      expect(response.headers['server']).toBeUndefined()
      expect(response.headers['x-powered-by']).toBeUndefined()
      if (status < 400) return
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(response.json()).toMatchObject({ status })
      expect(response.body).toMatch(/"code":"[a-z_]+","requestId":"[^"]+"/)
      expect(response.body).not.toMatch(leaks)
    },
  )

  it('is 405 with Allow where the address knows other methods', async () => {
    const { paths } = api.server.swagger() as { paths: Record<string, Record<string, unknown>> }
    for (const [path, item] of Object.entries(paths)) {
      // The address for proxies takes every method that their clients use.
      if (path.endsWith('/authorize')) continue
      // An address below a collection is also that of one with this name, which none has.
      const all = { ...item, ...(path.endsWith('}') ? {} : paths[path.replace(/[^/]+$/, '{id}')]) }
      const known = Object.keys(all).map((method) => method.toUpperCase())
      // A file that is sent while it is read would be read whole for nothing.
      if (known.includes('GET') && !path.endsWith('/export')) known.push('HEAD')
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
        if (known.includes(method)) continue
        const response = await api.inject({ method, url: path.replace('{id}', 'x') })
        expect(response.statusCode, `${method} ${path}`).toBe(405)
        const allowed = String(response.headers.allow).split(', ')
        expect(allowed.sort(), `${method} ${path}`).toEqual([...known].sort())
      }
    }
  })

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['application/xml'],
    ['application/jsonx'],
    ['text/json'],
  ])('is 415 to a body of type %s', async (type) => {
    const response = await post('{"name":"x","email":"x@example.com"}', { 'content-type': type })
    expect(response.statusCode).toBe(415)
    expect(response.json()).toMatchObject({ code: 'unsupported_media_type' })
  })

  it.each([
    ' application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json\t; x=y',
  ])('comes from the same validation for a body of type "%s"', async (type) => {
    const response = await post('{"name":"","email":"x@example.com","extra":1}', { 'content-type': type })
    expect([400, 415]).toContain(response.statusCode)
  })

  it.each([
    ['no JSON', '{"name":'],
    ['nothing', ''],
    ['a trailing comma', '{"name":"x",}'],
    ['NaN', '{"name":NaN}'],
    ['a byte order mark', '\ufeff{"name":"x","email":"x@example.com"}'],
    ['a poisoned prototype', '{"__proto__":{"x":1},"name":"x","email":"x@example.com"}'],
    ['a poisoned constructor', '{"constructor":{"prototype":{"x":1}},"name":"x","email":"x@example.com"}'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['10,000 nested lists', '['.repeat(8_000) + ']'.repeat(8_000)],
  ])('is 400 to a body that is %s', async (_what, payload) => {
    const response = await post(payload, { 'content-type': 'application/json' })
    expect(response.statusCode, response.body).toBe(400)
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
  })

  it('is 400 to a body that is not UTF-8', async () => {
    const payload = Buffer.concat([
      Buffer.from('{"name":"'),
      Buffer.from([0xff]),
      Buffer.from('","email":"x@y.zz"}'),
    ])
    const response = await api.inject({
      ...{ method: 'POST', url: '/v1/contacts', payload },
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
    })
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ code: 'invalid_json' })
  })

  it('is 413 to a body of more than 16 KiB, whether or not its length was announced', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(17_000), email: 'x@example.com' })
    const announced = await post(body, { 'content-type': 'application/json' })
    expect(announced.statusCode).toBe(413)
    const chunk = `${'x'.repeat(10_000)}`
    const { status, body: reply } = await send(
      `POST /v1/contacts HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\n` +
        `Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n` +
        `${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(3) +
        '0\r\n\r\n',
    )
    expect(status).toBe(413)
    expect(JSON.parse(reply)).toMatchObject({ code: 'payload_too_large' })
  })

  it('is a problem document even to what is hardly HTTP', async () => {
    const host = 'Host: x\r\nConnection: close'
    const cases: [number, string][] = [
      [400, 'hello\r\n\r\n'],
      [400, `GET /v1/session HTTP/1.1\r\n${host}\r\nno colon\r\n\r\n`],
      [400, `GET /v1/session HTTP/1.1\r\n${host}\r\nx: a\u0000b\r\n\r\n`],
      [
        400,
        `POST /v1/session HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ],
      [431, `GET /v1/session HTTP/1.1\r\n${host}\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
      [404, `OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n`],
    ]
    for (const [status, bytes] of cases) {
      const response = await send(bytes)
      expect(response.status, bytes.slice(0, 80)).toBe(status)
      expect(response.headers).toContain('content-type: application/problem+json')
      for (const name of ['x-content-type-options', 'strict-transport-security', 'content-security-policy']) {
        expect(response.headers, bytes.slice(0, 80)).toContain(name)
      }
      expect(JSON.parse(response.body)).toMatchObject({ status })
      expect(response.body).not.toMatch(leaks)
    }
    expect((await api.inject({ url: '/healthz' })).statusCode).toBe(200)
  })

  it('never redirects a plain request to anywhere', async () => {
    for (const url of ['/', '/v1/session', '/v1/contacts', '/nowhere', '/docs']) {
      const response = await api.inject({ url, headers: { 'x-forwarded-proto': 'http' } })
      expect(response.statusCode < 300 || response.statusCode >= 400, url).toBe(true)
    }
  })
})

describe('the reference under /docs', () => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
  })
  afterAll(() => api.close())

  it('is made of files of its own alone, with nothing inline', async () => {
    const page = await api.inject({ url: '/docs' })
    await api.inject({ url: '/v1/setup' })
    expect(page.statusCode).toBe(200)
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:/)
    expect(page.body).not.toMatch(/<script>|<style|onload=|https?:\/\//)
    for (const [, file] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await api.inject({ url: file! })).statusCode, file).toBe(200)
    }
  })
})
