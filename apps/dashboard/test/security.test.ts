import { get, request as send } from 'node:http'
import { fileURLToPath } from 'node:url'
import { freePort, startChild } from './harness/child-server.ts'
import { apiUrl, cookieFor, expect, origin, test, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const { host } = new URL(origin)
const someKey = `${list}/key_01h455vb4pex5vsknk084sn02q`

test.describe('a change that another site asks for is refused', () => {
  const types = [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'Application/X-WWW-Form-URLEncoded',
    'application/json',
    null,
  ]
  const origins = [
    'https://evil.example',
    'null',
    `http://sub.${host}`,
    'http://localhost:1',
    origin.replace('http:', 'https:'),
    null,
  ]
  const paths = [
    `${list}/new`,
    `${someKey}/delete`,
    `${someKey}?/disable`,
    '/settings/members?/revoke',
    '/settings/members/invite',
    '/invitation?/join',
    '/settings/security?/endOthers',
    '/settings/security/password',
    '/settings/security/second-factor?/remove',
    '/sign-in/code',
    '/workspace',
    '/sign-in',
    '/sign-out',
    '/setup',
    '/theme',
    '/language',
    '/shortcuts',
    '/healthz',
  ]

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    test(`by ${method}, whatever its body and from wherever`, async ({ cookies }) => {
      for (const path of paths)
        for (const type of types)
          for (const from of origins) {
            const headers = {
              cookie: cookies.ada,
              ...(type && { 'content-type': type }),
              ...(from && { origin: from }),
            }
            const { status } = await raw(method, path, headers, 'name=Forged')
            expect(status, `${method} ${path} ${type} from ${from}`).toBe(403)
          }
    })

  test('even with the right origin, when the browser says that the request crossed sites', async ({
    cookies,
  }) => {
    for (const site of ['cross-site', 'same-site', 'none']) {
      const headers = { cookie: cookies.ada, origin, 'sec-fetch-site': site, 'content-type': types[0]! }
      expect((await raw('POST', '/sign-out', headers, '')).status, site).toBe(403)
    }
  })

  test('while our own pages may', async ({ cookies }) => {
    const headers = {
      cookie: cookies.ada,
      origin,
      'sec-fetch-site': 'same-origin',
      'content-type': types[0]!,
    }
    expect((await raw('POST', '/theme', headers, 'theme=dark')).status).toBe(303)
  })
})

test.describe('another host name', () => {
  test('leads to the one address, and is found in no answer', async () => {
    for (const forged of [
      'evil.example',
      `evil.example:${new URL(origin).port}`,
      '127.0.0.1',
      'localhost.evil.example',
    ]) {
      for (const path of ['/', '/sign-in?notice=signed-out', '/nothing', `//${forged}/x`]) {
        const { status, headers, body } = await raw('GET', path, { host: forged, 'x-forwarded-host': forged })
        expect(status, `${forged}${path}`).toBe(307)
        expect(new URL(headers['location'] ?? '').origin).toBe(origin)
        expect(body).toBe('')
      }
      const headers = {
        host: forged,
        origin: `http://${forged}`,
        'content-type': 'application/x-www-form-urlencoded',
      }
      expect((await raw('POST', '/sign-in', headers, 'email=a')).status).toBe(403)
    }
  })

  test('still gets an answer from the health check', async () => {
    expect((await raw('GET', '/healthz', { host: '10.0.0.7:4000' })).status).toBe(200)
  })
})

test.describe('headers', () => {
  const pages = [
    '/sign-in',
    '/setup',
    list,
    '/settings',
    `${list}/new`,
    '/nothing/here',
    '/healthz',
    '/sign-out',
  ]

  test('of every answer forbid framing, sniffing, sharing and storing', async ({ cookies }) => {
    for (const path of pages) {
      const { headers } = await raw('GET', path, { cookie: cookies.ada })
      expect(headers, path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': expect.stringContaining('camera=()'),
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      })
      if (headers['content-type']?.startsWith('text/'))
        expect(headers['content-type'], path).toContain('charset=utf-8')
      expect(headers['strict-transport-security'], 'only over https').toBeUndefined()
    }
  })

  test('let a page run its own scripts and nothing else', async ({ cookies }) => {
    const policies = await Promise.all([1, 2].map(() => raw('GET', list, { cookie: cookies.ada })))
    const [first, second] = policies.map(({ headers }) => headers['content-security-policy'] ?? '')
    for (const part of [
      "default-src 'none'",
      "base-uri 'none'",
      "object-src 'none'",
      "form-action 'self'",
      "require-trusted-types-for 'script'",
    ])
      expect(first).toContain(part)
    expect(first).toMatch(/script-src 'self' 'nonce-[^']+'/)
    expect(first).not.toMatch(/unsafe-inline|unsafe-eval|https?:/)
    expect(first).not.toBe(second)
  })
})

test.describe('on another origin', () => {
  for (const [address, secure] of [
    ['https://keys.example.com', true],
    ['http://keys.example.com', false],
  ] as const)
    test(`${address}, sign-in ${secure ? 'asks browsers to stay on https' : 'says that it needs a secure connection'}`, async () => {
      const port = await freePort()
      const file = fileURLToPath(new URL('../build/index.js', import.meta.url))
      const environment = { PORT: String(port), HOST: '127.0.0.1', ORIGIN: address, API_URL: apiUrl }
      const server = await startChild(file, environment, `http://localhost:${port}/healthz`)
      const { headers, body } = await raw('GET', '/sign-in', { host: 'keys.example.com' }, '', port)
      await server.stop()
      expect(body.includes('not on a secure connection')).toBe(!secure)
      expect(headers['strict-transport-security']).toBe(
        secure ? 'max-age=31536000; includeSubDomains' : undefined,
      )
    })
})

test('a page speaks to its own origin alone', async ({ open }) => {
  const page = await open('ada')
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) elsewhere.push(request.url())
  })
  for (const path of ['/settings', list, `${list}/new`, '/nothing']) await visit(page, path)
  expect(elsewhere).toEqual([])
})

test('looking at and hovering over everything changes nothing', async ({ open, keysFor }) => {
  const page = await open('ada')
  const everyStatus = '&status=active&status=disabled&status=expired&status=revoked'
  const before = await keysFor('ada').count(everyStatus)
  // One row has all that there is in any.
  await visit(page, `${list}?q=Zapier`)
  for (const link of await page.getByRole('main').locator('a[href], button').filter({ visible: true }).all())
    await link.hover()
  const addresses = await page
    .locator('a[href^="/"]')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
  for (const address of new Set(addresses)) await page.request.get(origin + address)
  await visit(page, list)
  expect(await keysFor('ada').count(everyStatus)).toBe(before)
  await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()
})

test('names of Object’s own members are no addresses and no actions', async ({ cookies }) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect((await raw('GET', `/${name}`, { cookie: cookies.ada })).status).toBe(404)
    const headers = { cookie: cookies.ada, origin, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await raw('POST', `${someKey}?/${name}`, headers, '')).status).toBe(404)
  }
})

test('only a key’s id leads to a page of a key', async ({ cookies }) => {
  for (const id of ['scopes', 'key_x', 'key_', '..%2Fscopes', 'KEY_01h455vb4pex5vsknk084sn02q'])
    for (const path of [`${list}/${id}`, `${list}/${id}/delete`])
      expect((await raw('GET', path, { cookie: cookies.ada })).status, path).toBe(404)
})

test('a form whose idempotency key is no UUID is asked to be sent again', async ({ cookies }) => {
  const headers = { cookie: cookies.ada, origin, 'content-type': 'application/x-www-form-urlencoded' }
  for (const idempotencyKey of ['', 'short', 'a\r\nX-Evil: 1 and long enough'])
    expect(
      (
        await raw(
          'POST',
          `${list}/new`,
          headers,
          new URLSearchParams({ name: 'x', idempotencyKey }).toString(),
        )
      ).status,
    ).toBe(400)
})

for (const [how, more] of [
  ['with a length', {}],
  ['without', { 'transfer-encoding': 'chunked' }],
] as const)
  test(`an oversized form is refused, ${how}`, async ({ cookies }) => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const headers = { cookie: cookies.ada, origin, ...form, ...more }
    for (const path of [`${list}/new`, '/theme', '/sign-out']) {
      const { status } = await raw('POST', path, headers, `name=${'x'.repeat(600_000)}`)
      expect(status, path).toBe(413)
    }
    expect((await raw('GET', list, { cookie: cookies.ada })).status).toBe(200)
  })

test('a body that is no form is refused and changes nothing', async ({ cookies }) => {
  const headers = { cookie: cookies.ada, origin }
  const bodies = [
    ['text/plain', 'theme=dark'],
    ['application/json', '{"theme":"dark"}'],
    ['multipart/form-data', 'theme=dark'],
    ['multipart/form-data; boundary=x', 'theme=dark'],
    ['multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="theme"\r\n\r\ndark'],
    ['multipart/form-data; boundary=x', ''],
    [null, 'theme=dark'],
    [null, ''],
  ] as const
  for (const path of ['/theme', '/sign-out', '/sign-in', '/setup', `${list}/new`])
    for (const [type, body] of bodies) {
      const answer = await raw('POST', path, { ...headers, ...(type && { 'content-type': type }) }, body)
      expect([400, 415], `${path} ${type} ${body}: ${answer.status}`).toContain(answer.status)
      expect(answer.headers['set-cookie'], path).toBeUndefined()
    }
  expect((await raw('GET', list, { cookie: cookies.ada })).status).toBe(200)
})

test('a stolen look at the page in a frame stays empty', async ({ browser, cookies }) => {
  const context = await browser.newContext()
  await context.addCookies([cookieFor(cookies.ada)])
  const page = await context.newPage()
  await page.route('http://evil.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<iframe src="${origin}${list}"></iframe>` }),
  )
  await page.goto('http://evil.example/')
  await expect(page.frameLocator('iframe').getByText('API Keys')).toHaveCount(0)
  await context.close()
})

interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** A request exactly as written, which no browser would send. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
  toPort?: number,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const options = {
      hostname,
      port: toPort ?? port,
      method,
      path,
      headers: { host, ...headers },
      agent: false as const,
    }
    const request = (method === 'GET' ? get : send)(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: text,
        }),
      )
    })
    request.on('error', reject)
    if (body && !headers['transfer-encoding']) request.setHeader('content-length', Buffer.byteLength(body))
    request.end(body)
  })
}
