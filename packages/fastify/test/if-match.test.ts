import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIfMatch } from '../src/etag.ts'
import { bearer, callAs, createApp, createKey, KEYS } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

describe('the header If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    ['"a"', ['a']],
    ['"a", "b"', ['a', 'b']],
    ['"a","b" ,\t"c"', ['a', 'b', 'c']],
    [', ,"a",, "b",', ['a', 'b']],
    ['W/"a"', []],
    ['W/"a", "b"', ['b']],
    ['"a,b"', ['a,b']],
    ['""', ['']],
    ['"W/"', ['W/']],
    ['"*"', ['*']],
  ])('%j stands for %j', (header, revisions) => {
    expect(readIfMatch(header)).toEqual(revisions)
  })

  it.each([
    '',
    ' ',
    ',',
    'a',
    '"a',
    'a"',
    '"a" "b"',
    '"a"b',
    '"a", *',
    '*, "a"',
    '**',
    'w/"a"',
    'W/ "a"',
    "'a'",
    '"a"; "b"',
  ])('cannot be %j', (header) => {
    expect(() => readIfMatch(header)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('is read in time that grows with its length alone', () => {
    const startedAt = performance.now()
    for (const part of [' ', ',', '"a",', '"', 'W/"', '"a" ']) {
      expect(() => readIfMatch(part.repeat(100_000) + '\u0001')).toThrow()
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

describeOnEachDatabase('changes that rest on what was read', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const call = (request: InjectOptions) => callAs(app, 'acme', request)
  const tagOf = async (id: string) => (await call({ url: `${KEYS}/${id}` })).headers['etag'] as string

  it('names the key in every reply that carries one', async () => {
    const payload = { name: 'Mine', metadata: { b: 1, a: [2] }, quota: { limit: 5, period: 'day' } }
    const created = await call({ method: 'POST', url: KEYS, payload })
    const { id } = created.json<{ apiKey: { id: string } }>().apiKey
    const tag = created.headers['etag']
    expect(tag).toMatch(/^"[\w-]{22}"$/)
    expect(await tagOf(id)).toBe(tag)
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'Ours' }],
      ['POST', '/rotate', { gracePeriodSeconds: 60 }],
      ['PATCH', '/retiring-secret', { gracePeriodSeconds: 0 }],
      ['DELETE', '', undefined],
      ['POST', '/restore', undefined],
      ['POST', '/revoke', {}],
    ] as const) {
      const before = await tagOf(id)
      const reply = await call({ method, url: `${KEYS}/${id}${path}`, ...(body && { payload: body }) })
      expect(reply.statusCode, `${method} ${path}`).toBe(200)
      expect(reply.headers['etag']).not.toBe(before)
      expect(await tagOf(id)).toBe(reply.headers['etag'])
    }
  })

  it('keeps the tag while the key is but used', async () => {
    const quota = { limit: 5, period: 'day' } as const
    const { id, secret } = await createKey(app, 'acme', { quota })
    const tag = await tagOf(id)
    const { app: node } = await createApp(database())
    await node.inject({ url: '/any', headers: bearer(secret) })
    await node.close()
    const { quota: left, lastUsedAt } = (await call({ url: `${KEYS}/${id}` })).json<{
      quota: { remaining: number }
      lastUsedAt: string | null
    }>()
    expect(left.remaining).toBeLessThan(5)
    expect(lastUsedAt).not.toBeNull()
    expect(await tagOf(id)).toBe(tag)
  })

  const changes: [name: string, request: (id: string) => InjectOptions][] = [
    ['PATCH', (id) => ({ method: 'PATCH', url: `${KEYS}/${id}`, payload: { name: 'Ours' } })],
    ['DELETE', (id) => ({ method: 'DELETE', url: `${KEYS}/${id}` })],
    ['revoke', (id) => ({ method: 'POST', url: `${KEYS}/${id}/revoke`, payload: {} })],
    ['rotate', (id) => ({ method: 'POST', url: `${KEYS}/${id}/rotate`, payload: {} })],
    [
      'retiring-secret',
      (id) => ({
        method: 'PATCH',
        url: `${KEYS}/${id}/retiring-secret`,
        payload: { gracePeriodSeconds: 0 },
      }),
    ],
    ['restore', (id) => ({ method: 'POST', url: `${KEYS}/${id}/restore` })],
  ]

  describe.each(changes)('%s', (name, request) => {
    async function aKeyToChange(): Promise<string> {
      const { id } = await createKey(app, 'acme')
      const url = `${KEYS}/${id}`
      if (name === 'retiring-secret') {
        await call({ method: 'POST', url: `${url}/rotate`, payload: { gracePeriodSeconds: 60 } })
      }
      if (name === 'restore') await call({ method: 'DELETE', url })
      return id
    }

    it('412: changes nothing when the key is another one by now, or the tag is weak', async () => {
      const id = await aKeyToChange()
      const tag = await tagOf(id)
      for (const header of ['"another"', `W/${tag}`, `"another", W/${tag}`]) {
        const reply = await call({ ...request(id), headers: { 'if-match': header } })
        expect(expectProblem(reply, 'precondition_failed').detail).toContain('ETag')
      }
      expect(await tagOf(id)).toBe(tag)
    })

    it('200: is made when one of the tags is that of the key, with *, and without the header', async () => {
      for (const header of ['tag', '*', undefined]) {
        const id = await aKeyToChange()
        const value = header === 'tag' ? `"another", ${await tagOf(id)}` : header
        const reply = await call({ ...request(id), ...(value && { headers: { 'if-match': value } }) })
        expect(reply.statusCode, reply.body).toBe(200)
      }
    })

    it('400: does not guess what a tag without quotes means', async () => {
      const id = await aKeyToChange()
      const tag = await tagOf(id)
      const reply = await call({ ...request(id), headers: { 'if-match': tag.slice(1, -1) } })
      expect(expectProblem(reply, 'invalid_request').errors?.[0]?.field).toBe('if-match')
      expect(await tagOf(id)).toBe(tag)
    })

    it('404: says that there is no key before it asks which', async () => {
      const reply = await call({ ...request('nothing'), headers: { 'if-match': '"another"' } })
      expectProblem(reply, 'not_found')
    })
  })
})
