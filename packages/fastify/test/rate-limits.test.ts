import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ApiKeyUsage, RateLimit, UpdatedApiKey } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, type NewKey } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'
import { parseStructuredList } from './support/structured-fields.ts'

describeOnEachDatabase('rate limits over HTTP', (database) => {
  let app: FastifyInstance
  let runs: () => number
  let log: { text(): string; entries(): Record<string, unknown>[] }
  beforeAll(async () => {
    // Only the clock that limits and keys are judged by stands still; the database has its own.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    ;({ app, runs, log } = await createApp(database(), { environment: 'live' }))
    for (const cost of [0, 3, 11, 2_000]) {
      app.get(`/cost/${cost}`, { config: { apiKey: { cost } } }, async () => 'served')
    }
    await app.register(async (scope) => {
      scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
        reply.code(error.statusCode ?? 500).send({ mine: error.message }),
      )
      scope.get('/own-errors', { config: { apiKey: true } }, async () => 'served')
    })
  })
  afterAll(async () => {
    await app.close()
    vi.useRealTimers()
  })

  const key = (rateLimits: RateLimit[], fields: NewKey = {}) =>
    createKey(app, 'acme', { ...fields, rateLimits })
  const call = (secret: string, url = '/any') => app.inject({ url, headers: bearer(secret) })
  const burst = (limit: number, windowSeconds = 60): RateLimit => ({ name: 'burst', limit, windowSeconds })
  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000)
  const retryAfter = (reply: LightMyRequestResponse) => {
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    return Number(reply.headers['retry-after'])
  }
  /** What is left of each limit, as the reply tells it. */
  const left = (reply: LightMyRequestResponse) =>
    Object.fromEntries(
      parseStructuredList(String(reply.headers.ratelimit)).map(({ value, parameters }) => [
        value,
        parameters['r'],
      ]),
    )
  async function statuses(count: number, secret: string, url?: string): Promise<number[]> {
    const replies: number[] = []
    for (let i = 0; i < count; i++) replies.push((await call(secret, url)).statusCode)
    return replies
  }

  it('lets as many requests through as the limit says, and the next when Retry-After has passed', async () => {
    const { secret } = await key([burst(5)])
    expect(await statuses(5, secret)).toEqual([200, 200, 200, 200, 200])
    const before = runs()
    const refused = await call(secret)
    const problem = expectProblem(refused, 'rate_limited')
    expect(problem.type).toBe('https://iana.org/assignments/http-problem-types#quota-exceeded')
    expect(problem['violated-policies']).toEqual(['burst'])
    expect(runs()).toBe(before)
    const seconds = retryAfter(refused)
    expect(seconds).toBeGreaterThanOrEqual(60)
    expect(seconds).toBeLessThanOrEqual(62)

    pass(seconds - 1)
    expect((await call(secret)).statusCode).toBe(429)
    pass(1)
    expect((await call(secret)).statusCode).toBe(200)
  })

  it('gives units back one by one, as they were taken', async () => {
    const { secret } = await key([burst(2, 30)])
    await call(secret)
    pass(15)
    await call(secret)
    pass(retryAfter(await call(secret)))
    expect(await statuses(2, secret)).toEqual([200, 429])
    pass(retryAfter(await call(secret)))
    expect(await statuses(2, secret)).toEqual([200, 429])
  })

  it('writes how limits stand as structured fields, on a refusal and when little is left', async () => {
    const limits = [burst(3, 10), { name: 'sustained', limit: 5_000, windowSeconds: 3_600 }]
    const { secret } = await key(limits)
    const first = await call(secret)
    const policies = [
      { value: 'burst', parameters: { q: 3, w: 10 } },
      { value: 'sustained', parameters: { q: 5_000, w: 3_600 } },
    ]
    expect(parseStructuredList(String(first.headers['ratelimit-policy']))).toEqual(policies)
    expect(left(first)).toEqual({ burst: 2, sustained: 4_999 })
    expect(first.headers['retry-after']).toBeUndefined()
    await statuses(2, secret)

    const refused = await call(secret)
    expect(parseStructuredList(String(refused.headers['ratelimit-policy']))).toEqual(policies)
    expect(left(refused)).toEqual({ burst: 0, sustained: 4_997 })
    const [state] = parseStructuredList(String(refused.headers.ratelimit))
    expect(state!.parameters['t']).toBeLessThanOrEqual(retryAfter(refused))
    expect(refused.headers['cache-control']).toBe('no-store')
  })

  it('says nothing while more than half and more than 1,000 units are left, nor of a key without limits', async () => {
    const { secret } = await key([burst(4_000)])
    expect((await call(secret)).headers).not.toHaveProperty('ratelimit')
    expect((await call(secret)).headers).not.toHaveProperty('ratelimit-policy')
    expect(left(await call(secret, '/cost/2000'))).toEqual({ burst: 1_998 })
    const unlimited = await key([])
    expect((await call(unlimited.secret)).headers).not.toHaveProperty('ratelimit')
  })

  it('holds all limits at once: one that is reached spends nothing of the others', async () => {
    const { secret } = await key([burst(3, 1), { name: 'sustained', limit: 5, windowSeconds: 600 }])
    await statuses(3, secret)
    const short = await call(secret)
    expect(expectProblem(short, 'rate_limited')['violated-policies']).toEqual(['burst'])
    expect(left(short)).toEqual({ burst: 0, sustained: 2 })
    pass(retryAfter(short))
    expect(await statuses(2, secret)).toEqual([200, 200])
    const long = await call(secret)
    expect(expectProblem(long, 'rate_limited')['violated-policies']).toEqual(['sustained'])
    expect(retryAfter(long)).toBeGreaterThan(500)
  })

  it('names every limit that was reached, and waits for the longest', async () => {
    const { secret } = await key([burst(1, 10), { name: 'sustained', limit: 1, windowSeconds: 100 }])
    await call(secret)
    const refused = await call(secret)
    expect(expectProblem(refused, 'rate_limited')['violated-policies']).toEqual(['burst', 'sustained'])
    pass(retryAfter(refused))
    expect((await call(secret)).statusCode).toBe(200)
  })

  it('keeps the limits of two keys of one owner apart', async () => {
    const [one, two] = [await key([burst(1)]), await key([burst(1)])]
    expect(await statuses(2, one.secret)).toEqual([200, 429])
    expect(await statuses(2, two.secret)).toEqual([200, 429])
  })

  describe('the cost of a route', () => {
    it('is what a request takes', async () => {
      const { secret } = await key([burst(10)])
      expect(left(await call(secret, '/cost/3'))).toEqual({ burst: 7 })
      expect(left(await call(secret))).toEqual({ burst: 6 })
      expect(await statuses(3, secret, '/cost/3')).toEqual([200, 200, 429])
    })

    it('of 0 takes nothing, and is open when nothing is left', async () => {
      const { secret } = await key([burst(1)])
      expect(await statuses(3, secret, '/cost/0')).toEqual([200, 200, 200])
      expect(await statuses(2, secret)).toEqual([200, 429])
      expect((await call(secret, '/cost/0')).statusCode).toBe(200)
    })

    it('above a limit is refused without a Retry-After, for no waiting helps, and takes nothing', async () => {
      const { secret } = await key([burst(10)])
      const refused = await call(secret, '/cost/11')
      const problem = expectProblem(refused, 'rate_limited')
      expect(problem['violated-policies']).toEqual(['burst'])
      expect(problem.detail).toMatch(/waiting does not help/)
      expect(refused.headers).not.toHaveProperty('retry-after')
      expect(left(refused)).toEqual({ burst: 10 })
    })
  })

  describe('a request that is refused for another reason takes nothing', () => {
    it('when a scope is missing', async () => {
      const { secret } = await key([burst(2)])
      expect(await statuses(3, secret, '/contacts')).toEqual([403, 403, 403])
      expect(await statuses(3, secret)).toEqual([200, 200, 429])
    })

    it('when the key is expired or disabled, and later comes back', async () => {
      const expiresAt = new Date(Date.now() + 10_000).toISOString()
      const { id, secret } = await key([burst(2)], { expiresAt })
      const change = (payload: object) =>
        callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload }).then((reply) =>
          reply.json<UpdatedApiKey>(),
        )
      pass(10)
      expect(await statuses(3, secret)).toEqual([401, 401, 401])
      await change({ expiresAt: null, enabled: false })
      expect(await statuses(3, secret)).toEqual([401, 401, 401])
      await change({ enabled: true })
      expect(await statuses(3, secret)).toEqual([200, 200, 429])
    })

    it('when the key is of another environment', async () => {
      const { secret } = await key([burst(1)], { environment: 'test' })
      expect(await statuses(3, secret)).toEqual([401, 401, 401])
    })
  })

  it('takes one unit for one request, however many come at once with a key that was not seen before', async () => {
    const { id, secret } = await key([burst(4)])
    const replies = await Promise.all(Array.from({ length: 10 }, () => call(secret)))
    const admitted = replies.filter(({ statusCode }) => statusCode === 200)
    expect(admitted).toHaveLength(4)
    expect(replies.filter(({ statusCode }) => statusCode === 429)).toHaveLength(6)
    await expect
      .poll(async () => (await callAs(app, 'acme', { url: `${KEYS}/${id}/usage` })).json<ApiKeyUsage>(), {
        timeout: 20_000,
      })
      .toMatchObject({ total: 10, accepted: 4, refused: { rate_limited: 6 } })
  })

  it('does not give units back by a change of the limit, and holds the new one at once', async () => {
    const { id, secret } = await key([burst(2)])
    await statuses(2, secret)
    const payload = { rateLimits: [burst(3)] }
    await callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload })
    expect(await statuses(2, secret)).toEqual([200, 429])
  })

  it("leaves the refusal to a host's own error handler, with the headers set", async () => {
    const { secret } = await key([burst(1)])
    await call(secret)
    const refused = await call(secret, '/own-errors')
    expect(refused.statusCode).toBe(429)
    expect(refused.json()).toEqual({ mine: expect.stringContaining('rate limit') as string })
    expect(retryAfter(refused)).toBeGreaterThan(0)
    expect(left(refused)).toEqual({ burst: 0 })
  })

  it('writes into the log which key it was, and no key', async () => {
    const { id, secret } = await key([burst(1)])
    await statuses(2, secret)
    expect(log.entries()).toContainEqual(expect.objectContaining({ reason: 'rate_limited', apiKeyId: id }))
    expect(log.text()).not.toContain(secret.slice(12))
  })

  it("is told under rejections: 'uniform' too", async () => {
    const { app: uniform } = await createApp(database(), { rejections: 'uniform' })
    const { secret } = await key([burst(1)])
    const knock = () => uniform.inject({ url: '/any', headers: bearer(secret) })
    expect((await knock()).statusCode).toBe(200)
    const refused = await knock()
    expect(expectProblem(refused, 'rate_limited')['violated-policies']).toEqual(['burst'])
    expect(retryAfter(refused)).toBeGreaterThan(0)
    await uniform.close()
  })
})
