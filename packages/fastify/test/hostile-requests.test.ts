import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemServerOptions, type ApiKeyList, type Problem } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, signedIn } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'
import { listen, sendRaw } from './support/raw-http.ts'

const database = useEmbeddedDatabase()
let app: FastifyInstance
let port: number
let runs: () => number
let secret: string
beforeAll(async () => {
  ;({ app, runs } = await createApp(database(), {}, problemServerOptions))
  port = await listen(app)
  ;({ secret } = await createKey(app, 'key-holder', { scopes: ['contacts:read', 'contacts:write'] }))
})
afterAll(() => app.close())

const PRINCIPAL = `x-test-principal: ${signedIn('hostile')['x-test-principal']}`

/** A request of a person who is signed in, byte by byte. */
function post(body: string | Buffer, headers: string[] = ['Content-Type: application/json'], path = KEYS) {
  const bytes = Buffer.from(body)
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', PRINCIPAL, ...headers]
  if (!headers.some((header) => /^(transfer-encoding|content-length):/i.test(header))) {
    head.push(`Content-Length: ${bytes.length}`)
  }
  return sendRaw(port, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]))
}

const get = (path: string, ...headers: string[]) =>
  sendRaw(port, [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n'))

async function keysOfHostile(): Promise<number> {
  const reply = await callAs(app, 'hostile', { url: `${KEYS}?limit=100` })
  return reply.json<ApiKeyList>().data.length
}

describe('a content type cannot talk its way past validation', () => {
  const invalid = '{"name":"x","role":"admin"}'
  it.each([
    ['as it should be', 'application/json', 400],
    ['capitals', 'APPLICATION/JSON', 400],
    ['a charset', 'application/json; charset=utf-8', 400],
    ['a tab in front', '\tapplication/json', 400],
    ['a space in front', ' application/json', 400],
    ['a space behind', 'application/json ', 400],
    ['garbage behind', 'application/json garbage', 415],
    ['a tab and garbage behind', 'application/json\ta', 415],
    ['a semicolon and nothing', 'application/json;', 400],
    ['a semicolon and garbage', 'application/json;=;', 415],
    ['a comma list', 'application/json, text/plain', 415],
    ['a longer subtype', 'application/jsonx', 415],
    ['a suffix', 'application/vnd.api+json', 415],
    ['problem+json', 'application/problem+json', 415],
    ['text', 'text/plain', 415],
    ['a form', 'application/x-www-form-urlencoded', 415],
    ['multipart', 'multipart/form-data; boundary=x', 415],
    ['no subtype', 'application/', 415],
    ['no slash', 'json', 415],
    ['nothing', '', 415],
    ['a member of Object.prototype', '__proto__/__proto__', 415],
  ])('%s: %s', async (_, type, status) => {
    const before = await keysOfHostile()
    const reply = await post(invalid, [`Content-Type: ${type}`])
    expect([400, status]).toContain(reply!.status)
    expect(reply!.headers).toContain('content-type: application/problem+json')
    expect(await keysOfHostile()).toBe(before)
  })

  it('refuses a body without a content type', async () => {
    expect(await post(invalid, [])).toMatchObject({ status: 415 })
  })

  it('counts the first of two content types', async () => {
    const types = ['Content-Type: text/plain', 'Content-Type: application/json']
    expect(await post('{"name":"x"}', types)).toMatchObject({ status: 415 })
    expect(await post(invalid, types.reverse())).toMatchObject({ status: 400 })
  })
})

describe('a body is JSON, or it is refused', () => {
  it.each<[string, string | Buffer]>([
    ['nesting 8,000 deep', `{"name":"x","metadata":{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}}`],
    ['nesting 2,500 objects deep', `${'{"a":'.repeat(2_500)}1${'}'.repeat(2_500)}`],
    ['nesting without an end', '['.repeat(16_000)],
    ['__proto__', '{"name":"x","__proto__":{"role":"admin"}}'],
    ['an escaped __proto__', '{"name":"x","\\u005f_proto__":{"role":"admin"}}'],
    ['__proto__ inside', '{"name":"x","metadata":{"__proto__":{"a":1}}}'],
    ['constructor.prototype', '{"name":"x","constructor":{"prototype":{"a":1}}}'],
    ['constructor.prototype inside', '{"name":"x","metadata":{"constructor":{"prototype":{"a":1}}}}'],
    ['1e400', '{"name":"x","metadata":{"n":1e400}}'],
    ['NaN', '{"name":"x","metadata":{"n":NaN}}'],
    ['Infinity', '{"name":"x","metadata":{"n":-Infinity}}'],
    ['a trailing comma', '{"name":"x",}'],
    ['a comment', '{"name":"x"/**/}'],
    ['single quotes', "{'name':'x'}"],
    ['two values', '{"name":"x"}{"name":"y"}'],
    ['a byte order mark', '\ufeff{"name":"x"}'],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['bytes that are no UTF-8', Buffer.from('{"name":"\xff\xfe"}', 'latin1')],
    ['an overlong encoding', Buffer.from('{"name":"\xc0\xaf"}', 'latin1')],
    ['a lone surrogate', '{"name":"\\ud800"}'],
    ['U+0000 in metadata', '{"name":"x","metadata":{"a":"\\u0000"}}'],
    ['a lone surrogate in metadata', '{"name":"x","metadata":{"\\udfff":1}}'],
    ['a control character', '{"name":"a\nb"}'],
    ['half of it', '{"name":"x'],
    ['text', 'name=x'],
    ['nothing but white space', ' \n'],
    ['NUL bytes', Buffer.alloc(100)],
  ])('%s: 400, at once', async (_, body) => {
    const before = await keysOfHostile()
    const started = performance.now()
    const reply = await post(body)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(reply).toMatchObject({ status: 400 })
    const { code } = JSON.parse(reply!.body) as Problem
    expect(code).toMatch(/^invalid_(json|request)$/)
    expect(await keysOfHostile()).toBe(before)
    expect(({} as Record<string, unknown>)['role']).toBeUndefined()
  })

  it('takes the last of two fields of one name, as JSON.parse does', async () => {
    const reply = await post('{"name":"first","name":"last"}')
    expect(JSON.parse(reply!.body)).toMatchObject({ apiKey: { name: 'last' } })
  })

  it('does not unpack what is compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '))
    const reply = await post(bomb, ['Content-Type: application/json', 'Content-Encoding: gzip'])
    expect([400, 413]).toContain(reply!.status)
  })
})

describe('a body has at most 16 KiB', () => {
  /** A valid body of exactly so many bytes: JSON may have any white space behind it. */
  const ofSize = (bytes: number) => '{"name":"Exact"}'.padEnd(bytes, ' ')

  it('takes 16 KiB to the byte, and one more is 413', async () => {
    expect(await post(ofSize(16_384))).toMatchObject({ status: 201 })
    expect(await post(ofSize(16_385))).toMatchObject({ status: 413 })
  })

  it('refuses by the length that is announced, before it reads', async () => {
    const reply = await post('', ['Content-Type: application/json', 'Content-Length: 10000000'])
    expect(reply).toMatchObject({ status: 413 })
  })

  it('counts chunks whose length is not announced', async () => {
    const chunk = `2000\r\n${' '.repeat(0x2000)}\r\n`
    const before = process.memoryUsage().rss
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
    expect(await post(chunk.repeat(1_280), headers)).toMatchObject({ status: 413 })
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  it('takes a chunked body that is small', async () => {
    const body = '{"name":"Chunked"}'
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
    expect(await post(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, headers)).toMatchObject({
      status: 201,
    })
  })

  it('refuses chunked and a length at once, the makings of request smuggling', async () => {
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked', 'Content-Length: 5']
    expect(await post('0\r\n\r\n', headers)).toMatchObject({ status: 400 })
  })
})

describe('an address written in another way opens nothing', () => {
  const variants = (path: string) => [
    `/${path}`,
    `${path}/`,
    `${path}//`,
    `${path};x=1`,
    `${path}%20`,
    `${path}%2F`,
    `${path}%00`,
    `${path}/.`,
    `/.${path}`,
    `/./${path.slice(1)}`,
    `/x/..${path}`,
    `${path}/..${path}`,
    path.toUpperCase(),
    path.replace('c', '%63'),
    path.replace('/', '%2f'),
    `${path}?api_key=${secret}`,
    `${path}#x`,
    path.replaceAll('/', '\\'),
    `http://x${path}`,
  ]

  it('to nobody', async () => {
    const before = runs()
    for (const path of [...variants('/contacts'), ...variants(KEYS), ...variants(`${KEYS}/scopes`)]) {
      const reply = await get(path)
      expect([400, 401, 404], path).toContain(reply!.status)
    }
    expect(runs()).toBe(before)
  })

  it('to a key without the scope', async () => {
    const { secret: weak } = await createKey(app, 'key-holder')
    const before = runs()
    for (const path of variants('/contacts')) {
      const reply = await get(path, `Authorization: Bearer ${weak}`)
      expect([400, 403, 404], path).toContain(reply!.status)
    }
    expect(runs()).toBe(before)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__/constructor'])(
    'to names that every object has: %s',
    async (name) => {
      for (const path of [`/${name}`, `${KEYS}/${name}`]) {
        expect(await get(path, PRINCIPAL)).toMatchObject({ status: 404 })
      }
    },
  )
})

describe('methods', () => {
  it.each([
    [KEYS, ['DELETE', 'PATCH', 'PUT', 'OPTIONS', 'TRACE'], 'GET, HEAD, POST'],
    [
      `${KEYS}/key_01h455vb4pex5vsknk084sn02q`,
      ['POST', 'PUT', 'OPTIONS', 'TRACE'],
      'GET, HEAD, DELETE, PATCH',
    ],
  ])('%s: 405 for %j, with what is allowed', async (path, methods, allow) => {
    for (const method of methods) {
      const head = [`${method} ${path} HTTP/1.1`, 'Host: x', PRINCIPAL, 'Content-Length: 0', '', '']
      const reply = await sendRaw(port, head.join('\r\n'))
      expect(reply, method).toMatchObject({ status: 405 })
      expect(reply!.headers).toContain(`allow: ${allow.toLowerCase()}`)
    }
  })

  it('GET changes nothing, whatever the address asks', async () => {
    const before = await keysOfHostile()
    for (const query of ['name=x', 'method=POST', '_method=DELETE', 'action=rotate']) {
      expect(await get(`${KEYS}?${query}`, PRINCIPAL)).toMatchObject({ status: 400 })
    }
    const override = await get(KEYS, PRINCIPAL, 'X-HTTP-Method-Override: POST')
    expect(override).toMatchObject({ status: 200 })
    expect(await keysOfHostile()).toBe(before)
  })
})

describe('sizes', () => {
  it('headers beyond 16 KiB are 431', async () => {
    expect(await get('/contacts', `X-Big: ${'x'.repeat(17_000)}`)).toMatchObject({ status: 431 })
  })

  it('an id of more than 100 characters is 404', async () => {
    expect(await get(`${KEYS}/${'k'.repeat(101)}`, PRINCIPAL)).toMatchObject({ status: 404 })
    expect(await get(`${KEYS}/${'k'.repeat(8_000)}`, PRINCIPAL)).toMatchObject({ status: 404 })
  })

  it('a name of a megabyte is refused before it is read', async () => {
    expect(await post(`{"name":"${'x'.repeat(1_000_000)}"}`)).toMatchObject({ status: 413 })
  })

  it('a search of 10,000 characters is refused quickly', async () => {
    const started = performance.now()
    expectProblem(
      await callAs(app, 'hostile', { url: `${KEYS}?q=${'%25_'.repeat(2_500)}` }),
      'invalid_request',
    )
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('headers', () => {
  it('named like members of Object.prototype harm nothing', async () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      const reply = await get('/contacts', `${name}: x`, `Authorization: Bearer ${secret}`)
      expect(reply).toMatchObject({ status: 200 })
      expect(await get('/contacts', `${name}: ${secret}`)).toMatchObject({ status: 401 })
    }
  })

  it('keep their lines apart: nothing from a request breaks out of a header of the reply', async () => {
    const reply = await get(`${KEYS}/%0d%0aSet-Cookie:%20x=1`, PRINCIPAL)
    expect(reply).toMatchObject({ status: 404 })
    expect(reply!.headers).not.toContain('set-cookie')
  })
})

describe('the log', () => {
  it('has one line for an event, whatever is in it', async () => {
    const { app: logged, log } = await createApp(database())
    await logged.inject({ url: '/any', headers: bearer('a"b{}\\n') })
    await callAs(logged, 'hostile', {
      method: 'POST',
      url: KEYS,
      payload: { name: 'a\u2028b"}\\n{"level":60' },
    })
    for (const line of log.text().trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()
    expect(log.text()).not.toContain('a"b{}')
    await logged.close()
  })
})

it('is still alive after all that', async () => {
  const reply = await app.inject({ url: '/contacts', headers: bearer(secret) })
  expect(reply.statusCode).toBe(200)
})
