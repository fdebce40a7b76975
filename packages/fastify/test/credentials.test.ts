import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSecret } from '../src/credentials.ts'
import { createApp, createKey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { listen, sendRaw } from './support/raw-http.ts'

describe('readSecret', () => {
  const read = (...rawHeaders: string[]) => readSecret({ rawHeaders })

  it('finds the secret in Authorization: Bearer and in X-API-Key, whatever the case of their names', () => {
    expect(read('Authorization', 'Bearer s')).toBe('s')
    expect(read('host', 'x', 'AUTHORIZATION', 'bEARER s')).toBe('s')
    expect(read('X-API-Key', 's')).toBe('s')
    expect(read('x-aPi-kEy', 's', 'accept', '*/*')).toBe('s')
  })

  it('finds nothing in headers that only look alike', () => {
    const headers = [
      'Cache-Control',
      'Bearer s',
      'X-API-Keys',
      's',
      'Authorizatiom',
      'Bearer s',
      'Forwarded',
      's',
    ]
    expect(read(...headers)).toEqual({ problem: 'unauthenticated' })
  })

  it('takes the credentials of another scheme for none', () => {
    for (const value of ['', 'Basic dTpw', 'Bearers s', 'Bearer_s', 's', 'Digest a="b"']) {
      expect(read('Authorization', value)).toEqual({ problem: 'unauthenticated' })
    }
  })

  it('calls Bearer without a secret an invalid key', () => {
    for (const value of ['Bearer', 'bearer', 'Bearer\ts']) {
      expect(read('Authorization', value)).toEqual({ problem: 'invalid_key' })
    }
  })

  it('refuses more than one credential, of whatever kind', () => {
    for (const pair of [
      ['Authorization', 'Bearer a', 'Authorization', 'Bearer a'],
      ['Authorization', 'Basic a', 'X-API-Key', 'a'],
      ['x-api-key', 'a', 'X-API-KEY', 'a'],
      ['x-api-key', '', 'authorization', ''],
    ]) {
      expect(read(...pair)).toEqual({ problem: 'multiple_credentials' })
    }
  })

  it('looks at no more than 4 KiB', () => {
    expect(read('Authorization', `Bearer ${'k'.repeat(4_090)}`)).toEqual({ problem: 'invalid_key' })
    expect(read('X-API-Key', 'k'.repeat(4_097))).toEqual({ problem: 'invalid_key' })
    expect(read('X-API-Key', 'k'.repeat(4_096))).toBe('k'.repeat(4_096))
  })

  it('never throws and never makes a secret up', () => {
    const header = fc.tuple(
      fc.oneof(fc.constantFrom('authorization', 'X-Api-Key', 'Host'), fc.string()),
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `Bearer ${text}`),
      ),
    )
    fc.assert(
      fc.property(fc.array(header, { maxLength: 4 }), (headers) => {
        const secret = read(...headers.flat())
        if (typeof secret !== 'string') return
        expect(headers.some(([, value]) => value === secret || value.slice(7) === secret)).toBe(true)
      }),
    )
    expect(read()).toEqual({ problem: 'unauthenticated' })
  })
})

describe('Authorization over a real socket', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  let port: number
  let runs: () => number
  let key: string
  beforeAll(async () => {
    ;({ app, runs } = await createApp(database()))
    port = await listen(app)
    key = (await createKey(app, 'acme')).secret
  })
  afterAll(() => app.close())

  const get = (headers: string | Buffer, path = '/any') =>
    sendRaw(
      port,
      Buffer.concat([
        Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n`),
        Buffer.from(headers),
        Buffer.from('\r\n\r\n'),
      ]),
    )

  const good: [string, () => string][] = [
    ['Bearer and one space', () => `Authorization: Bearer ${key}`],
    ['the scheme in lower case', () => `Authorization: bearer ${key}`],
    ['the scheme in capitals', () => `authorization: BEARER ${key}`],
    ['X-API-Key', () => `X-API-Key: ${key}`],
    ['x-api-key', () => `x-api-key: ${key}`],
    ['spaces around the value, which are no part of it', () => `Authorization:    Bearer ${key}  `],
  ]
  it.each(good)('opens the door to %s', async (_, header) => {
    expect(await get(header())).toMatchObject({ status: 200 })
  })

  const flip = (text: string) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')
  const bad: [string, number[], () => string | Buffer][] = [
    ['no header', [401], () => 'Accept: */*'],
    ['an empty value', [401], () => 'Authorization:'],
    ['a blank value', [401], () => 'Authorization:     '],
    ['the scheme alone', [401], () => 'Authorization: Bearer'],
    ['the scheme and a space', [401], () => 'Authorization: Bearer '],
    ['two spaces', [401], () => `Authorization: Bearer  ${key}`],
    ['a tab', [401], () => `Authorization: Bearer\t${key}`],
    ['no space', [401], () => `Authorization: Bearer${key}`],
    ['no scheme', [401], () => `Authorization: ${key}`],
    ['Basic', [401], () => `Authorization: Basic ${Buffer.from(`u:${key}`).toString('base64')}`],
    ['Basic with the key itself', [401], () => `Authorization: Basic ${key}`],
    ['Digest', [401], () => `Authorization: Digest username="${key}"`],
    ['Token', [401], () => `Authorization: Token ${key}`],
    ['the scheme twice', [401], () => `Authorization: Bearer Bearer ${key}`],
    ['a list', [401], () => `Authorization: Bearer ${key}, Bearer ${key}`],
    ['a trailing comma', [401], () => `Authorization: Bearer ${key},`],
    ['a parameter', [401], () => `Authorization: Bearer token="${key}"`],
    ['quotes', [401], () => `Authorization: Bearer "${key}"`],
    ['a space inside', [401], () => `Authorization: Bearer ${key.slice(0, 20)} ${key.slice(20)}`],
    ['a byte more', [401], () => `Authorization: Bearer ${key}0`],
    ['a byte less', [401], () => `Authorization: Bearer ${key.slice(0, -1)}`],
    ['a wrong last character', [401], () => `Authorization: Bearer ${flip(key)}`],
    ['capitals', [401], () => `Authorization: Bearer ${key.toUpperCase()}`],
    ['another prefix', [401], () => `Authorization: Bearer ${key.replace('lk', 'xx')}`],
    ['the other environment', [401], () => `Authorization: Bearer ${key.replace('live', 'test')}`],
    ['percent encoding', [401], () => `Authorization: Bearer ${key.replaceAll('_', '%5F')}`],
    ['a NUL', [400], () => `Authorization: Bearer ${key}\0`],
    ['an escape character', [400], () => `Authorization: Bearer \x1b${key}`],
    ['a bare line feed', [400], () => `Authorization: Bearer \n${key}`],
    ['a folded line', [400, 401], () => `Authorization: Bearer\r\n ${key}`],
    ['another header after CR LF', [400, 401], () => `Authorization: Bearer x\r\n${key}`],
    ['UTF-8', [401], () => `Authorization: Bearer ${key}é🗝`],
    ['full-width letters', [401], () => `Authorization: Ｂｅａｒｅｒ ${key}`],
    ['a no-break space', [401], () => `Authorization: Bearer\u00a0${key}`],
    ['bytes that are no UTF-8', [401], () => Buffer.from(`Authorization: Bearer ${key}\xff\xfe`, 'latin1')],
    [
      'two Authorization headers',
      [400],
      () => `Authorization: Bearer ${key}\r\nAuthorization: Bearer ${key}`,
    ],
    ['one of two wrong', [400], () => `Authorization: Bearer ${key}\r\nAuthorization: Bearer x`],
    ['Authorization and X-API-Key', [400], () => `Authorization: Bearer ${key}\r\nX-API-Key: ${key}`],
    ['two X-API-Key headers', [400], () => `X-API-Key: ${key}\r\nx-api-key: ${key}`],
    ['a scheme in X-API-Key', [401], () => `X-API-Key: Bearer ${key}`],
    ['a space before the colon', [400], () => `Authorization : Bearer ${key}`],
    ['another header that looks alike', [401], () => `Authorisation: Bearer ${key}`],
    ['Proxy-Authorization', [401], () => `Proxy-Authorization: Bearer ${key}`],
    ['a cookie', [401], () => `Cookie: api_key=${key}; authorization=${key}`],
    ['5 KiB', [401], () => `Authorization: Bearer ${'k'.repeat(5_000)}`],
    ['20 KiB', [431], () => `Authorization: Bearer ${'k'.repeat(20_000)}`],
    ['1 MB', [431], () => `Authorization: Bearer ${'k'.repeat(1_000_000)}`],
  ]
  it.each(bad)('keeps the door shut to %s', async (_, statuses, header) => {
    const before = runs()
    const reply = await get(header())
    expect(statuses).toContain(reply?.status ?? 431)
    expect(runs()).toBe(before)
    if (reply && reply.headers.includes('application/problem+json') && reply.status === 401) {
      expect(reply.headers).toMatch(/www-authenticate: bearer realm="default"/)
    }
  })

  it.each(['api_key', 'apikey', 'key', 'access_token', 'token', 'X-API-Key', 'authorization'])(
    'never takes a key from the address: %s',
    async (name) => {
      const reply = await get('Accept: */*', `/any?${name}=${key}`)
      expect(reply).toMatchObject({ status: 401 })
      expect(reply!.headers).toMatch(/www-authenticate: bearer realm="default"\r\n/)
      expect(reply!.body).not.toContain(key)
    },
  )
})
