import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProblemError, problems, problemServerOptions, PROBLEMS } from '../src/index.ts'
import { captureLog } from './support/app.ts'
import { expectProblem } from './support/problem.ts'
import { listen, sendRaw } from './support/raw-http.ts'

describe('a host with `problems`', () => {
  const log = captureLog()
  let app: FastifyInstance
  let port: number
  beforeAll(async () => {
    app = Fastify({ ...problemServerOptions, logger: log.logger })
    await app.register(problems)
    // What @fastify/cors adds for preflights.
    app.options('*', async () => 'preflight')
    app.get('/things/:id', async () => 'thing')
    app.put('/things/:id', async () => 'thing')
    app.post(
      '/things',
      { bodyLimit: 100, schema: { body: { type: 'object', required: ['name'] } } },
      async () => 'made',
    )
    app.get('/throw/:status', async (request) => {
      const { status } = request.params as { status: string }
      const errors = [{ field: 'email', message: 'is taken' }]
      throw Object.assign(new Error('Told.'), { statusCode: Number(status), code: 'email_taken', errors })
    })
    app.get('/teapot', async () => {
      throw Object.assign(new Error('Short and stout.'), {
        statusCode: 418,
        code: 'ERR_TEAPOT',
        headers: { 'x-tea': 'yes' },
      })
    })
    app.get('/problem', async () => {
      throw new ProblemError('too_many_keys', { detail: 'Seven are enough.' })
    })
    app.get('/bug', async () => {
      throw Object.assign(new Error('SELECT * FROM users WHERE token = $1'), {
        query: 'SELECT * FROM users WHERE token = $1',
        parameters: ['hunter2'],
        cause: new Error('token hunter2'),
      })
    })
    app.get('/not-an-error', async () => {
      throw 'hunter2' as unknown
    })
    port = await listen(app)
  })
  afterAll(() => app.close())

  it('400 for failed validation, naming the field', async () => {
    const reply = await app.inject({ method: 'POST', url: '/things', payload: {} })
    expect(expectProblem(reply, 'invalid_request').errors).toEqual([
      { field: 'name', message: 'is required' },
    ])
  })

  it('400 for what is not JSON', async () => {
    const headers = { 'content-type': 'application/json' }
    expectProblem(await app.inject({ method: 'POST', url: '/things', payload: '{', headers }), 'invalid_json')
    expectProblem(await app.inject({ method: 'POST', url: '/things', payload: '', headers }), 'invalid_json')
  })

  it('413 for a body that is too large', async () => {
    const reply = await app.inject({ method: 'POST', url: '/things', payload: { name: 'x'.repeat(200) } })
    expectProblem(reply, 'payload_too_large')
  })

  it('415 for another content type', async () => {
    const headers = { 'content-type': 'application/xml' }
    const reply = await app.inject({ method: 'POST', url: '/things', payload: '<a/>', headers })
    expectProblem(reply, 'unsupported_media_type')
  })

  it('404 for an unknown address, even where a preflight route takes every address', async () => {
    expectProblem(await app.inject('/nothing'), 'not_found')
    expectProblem(await app.inject({ method: 'POST', url: '/nothing', payload: {} }), 'not_found')
  })

  it.each(['POST', 'DELETE', 'PATCH', 'TRACE'] as const)(
    '405 for %s, with what is allowed',
    async (method) => {
      const reply = await app.inject({ method, url: '/things/1?x=1' })
      expectProblem(reply, 'method_not_allowed')
      expect(String(reply.headers.allow).split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'PUT'])
    },
  )

  it("tells a host's own 4xx error by its message, code and fields", async () => {
    const reply = await app.inject('/throw/409')
    expect(reply.statusCode).toBe(409)
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(reply.json()).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'Told.',
      code: 'email_taken',
      requestId: expect.any(String) as string,
      errors: [{ field: 'email', message: 'is taken' }],
    })
  })

  it('names a code after the status when the error has none of this form, and sends its headers', async () => {
    const reply = await app.inject('/teapot')
    expect(reply.json()).toMatchObject({ status: 418, code: 'i_m_a_teapot', detail: 'Short and stout.' })
    expect(reply.headers['x-tea']).toBe('yes')
  })

  it('answers with a problem that was thrown', async () => {
    expect(expectProblem(await app.inject('/problem'), 'too_many_keys').detail).toBe('Seven are enough.')
  })

  it.each(['/bug', '/not-an-error', '/throw/500', '/throw/200'])(
    '500 for %s, saying nothing about it',
    async (url) => {
      const reply = await app.inject(url)
      const { detail } = expectProblem(reply, 'internal_error')
      expect(detail).toBe(PROBLEMS.internal_error.detail)
      expect(reply.body).not.toMatch(/hunter2|Told/)
    },
  )

  it('logs where a bug is, and neither statement nor parameter', () => {
    const failure = log.entries().find(({ msg }) => msg === 'The request failed')?.['failure']
    expect(failure).toMatchObject({ kind: 'Error' })
    expect((failure as { at: string[] }).at[0]).toMatch(/problems\.test\.ts/)
    expect(log.text()).not.toMatch(/hunter2|SELECT/)
  })

  it.each([
    ['an address that cannot be decoded', '/things/%zz', 400, 'invalid_request'],
    ['a parameter that is too long', `/things/${'x'.repeat(101)}`, 404, 'not_found'],
  ])('makes a problem document of %s', async (_, path, status, code) => {
    const reply = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(reply).toMatchObject({
      status,
      headers: expect.stringMatching(/application\/problem\+json/) as string,
    })
    expect(JSON.parse(reply!.body)).toMatchObject({ status, code })
  })

  it.each([
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['what is no HTTP', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 400, 'invalid_request'],
  ])('makes a problem document of %s', async (_, request, status, code) => {
    const reply = await sendRaw(port, request)
    expect(reply).toMatchObject({
      status,
      headers: expect.stringMatching(/application\/problem\+json/) as string,
    })
    expect(JSON.parse(reply!.body)).toMatchObject({ status, code })
  })
})

describe('the closed set of problems', () => {
  it('tells each kind by a status of its class, a title and a detail that end as they should', () => {
    for (const [code, { status, title, detail }] of Object.entries(PROBLEMS)) {
      expect(code).toMatch(/^[a-z][a-z_]+$/)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      expect(detail).toMatch(/\.$/)
    }
  })
})
