import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiKey, ApiKeyUsage, CreateApiKey, UpdateApiKey, UpdatedApiKey } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, type NewKey } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

describeOnEachDatabase('quotas over HTTP', (database) => {
  let app: FastifyInstance
  let runs: () => number
  let log: { text(): string; entries(): Record<string, unknown>[] }
  beforeAll(async () => {
    ;({ app, runs, log } = await createApp(database(), { environment: 'live' }))
    for (const cost of [0, 3, 11]) {
      app.get(`/cost/${cost}`, { config: { apiKey: { cost } } }, async () => 'served')
    }
  })
  afterAll(() => app.close())

  const key = (quota: CreateApiKey['quota'], fields: NewKey = {}) =>
    createKey(app, 'acme', { ...fields, quota: quota! })
  const call = (secret: string, url = '/any') => app.inject({ url, headers: bearer(secret) })
  const quotaOf = async (id: string) =>
    (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>().quota
  const change = async (id: string, payload: UpdateApiKey) =>
    (await callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload })).json<UpdatedApiKey>()
      .apiKey.quota
  async function statuses(count: number, secret: string, url?: string): Promise<number[]> {
    const replies: number[] = []
    for (let i = 0; i < count; i++) replies.push((await call(secret, url)).statusCode)
    return replies
  }
  const retryAfter = (reply: LightMyRequestResponse) => {
    expect(reply.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    return Number(reply.headers['retry-after'])
  }

  it('lets as many requests through as there are credits, and says when there are more', async () => {
    const { id, secret } = await key({ limit: 3, period: 'day' })
    expect(await statuses(3, secret)).toEqual([200, 200, 200])
    const before = runs()
    const refused = await call(secret)
    const problem = expectProblem(refused, 'quota_exceeded')
    expect(problem.type).toBe('https://iana.org/assignments/http-problem-types#quota-exceeded')
    expect(runs()).toBe(before)
    const { refillsAt } = (await quotaOf(id))!
    const untilThen = (Date.parse(refillsAt!) - Date.now()) / 1_000
    expect(Math.abs(retryAfter(refused) - untilThen)).toBeLessThan(5)
  })

  it('says nothing of waiting when that does not help', async () => {
    const once = await key({ limit: 1, period: 'never' })
    expect(await statuses(1, once.secret)).toEqual([200])
    const refused = await call(once.secret)
    expect(expectProblem(refused, 'quota_exceeded').detail).toMatch(/waiting does not help/)
    expect(refused.headers).not.toHaveProperty('retry-after')

    const small = await key({ limit: 10, period: 'month' })
    const tooMuch = await call(small.secret, '/cost/11')
    expect(expectProblem(tooMuch, 'quota_exceeded').detail).toMatch(/waiting does not help/)
    expect(tooMuch.headers).not.toHaveProperty('retry-after')
    expect(await statuses(10, small.secret)).not.toContain(429)
  })

  it('takes what a route costs', async () => {
    const { id, secret } = await key({ limit: 10, period: 'never' })
    expect(await statuses(4, secret, '/cost/3')).toEqual([200, 200, 200, 429])
    expect(await statuses(2, secret)).toEqual([200, 429])
    expect(await statuses(2, secret, '/cost/0')).toEqual([200, 200])
    expect((await quotaOf(id))!.remaining).toBe(0)
  })

  it('takes nothing when the request is refused for another reason', async () => {
    const { id, secret } = await key({ limit: 10, period: 'never' })
    expect(await statuses(2, secret, '/contacts')).toEqual([403, 403])
    expect((await quotaOf(id))!.remaining).toBe(10)
  })

  it('shows the limits beside it that are not reached', async () => {
    const rateLimits = [{ name: 'burst', limit: 100, windowSeconds: 60 }]
    const { secret } = await key({ limit: 1, period: 'never' }, { rateLimits })
    await call(secret)
    const refused = await call(secret)
    expectProblem(refused, 'quota_exceeded')
    expect(refused.headers.ratelimit).toMatch(/^"burst";r=98;t=/)
  })

  it('takes one credit for one request, however many come at once with a key that was not seen before', async () => {
    const { id, secret } = await key({ limit: 4, period: 'week' })
    const replies = await Promise.all(Array.from({ length: 20 }, () => call(secret)))
    expect(replies.filter(({ statusCode }) => statusCode === 200)).toHaveLength(4)
    expect(replies.filter(({ statusCode }) => statusCode === 429)).toHaveLength(16)
    await expect
      .poll(async () => (await callAs(app, 'acme', { url: `${KEYS}/${id}/usage` })).json<ApiKeyUsage>(), {
        timeout: 20_000,
      })
      .toMatchObject({ total: 20, accepted: 4, refused: { quota_exceeded: 16 } })
  })

  it('is set, shown, topped up, changed and removed', async () => {
    const { id, secret } = await key({ limit: 2, period: 'month', timeZone: 'Europe/Berlin', anchorDay: 31 })
    const shown = { limit: 2, period: 'month', timeZone: 'Europe/Berlin', anchorDay: 31 }
    const quota = await quotaOf(id)
    expect(quota).toEqual({ ...shown, remaining: 2, refillsAt: expect.any(String) as string })
    expect(new Date(quota!.refillsAt!).toISOString()).toBe(quota!.refillsAt)
    expect(await statuses(3, secret)).toEqual([200, 200, 429])

    const never = { limit: 2, period: 'never' } as const
    const plain = { ...never, timeZone: 'UTC', anchorDay: null, refillsAt: null }
    expect(await change(id, { quota: never })).toEqual({ ...plain, remaining: 0 })
    expect(await change(id, { quota: { ...never, limit: 3 } })).toEqual({ ...plain, limit: 3, remaining: 1 })
    expect(await statuses(2, secret)).toEqual([200, 429])
    expect(await change(id, { quota: { ...never, remaining: 2 } })).toEqual({ ...plain, remaining: 2 })
    expect(await statuses(3, secret)).toEqual([200, 200, 429])
    expect(await change(id, { name: 'Same' })).toEqual({ ...plain, remaining: 0 })
    expect(await change(id, { quota: null })).toBeNull()
    expect(await statuses(5, secret)).not.toContain(429)
  })

  it('writes into the log which key it was, and no key', async () => {
    const { id, secret } = await key({ limit: 1, period: 'never' })
    await statuses(2, secret)
    expect(log.entries()).toContainEqual(expect.objectContaining({ reason: 'quota_exceeded', apiKeyId: id }))
    expect(log.text()).not.toContain(secret.slice(12))
  })

  it("is told under rejections: 'uniform' too", async () => {
    const { app: uniform } = await createApp(database(), { rejections: 'uniform' })
    const { secret } = await key({ limit: 1, period: 'month' })
    const knock = () => uniform.inject({ url: '/any', headers: bearer(secret) })
    expect((await knock()).statusCode).toBe(200)
    const refused = await knock()
    expectProblem(refused, 'quota_exceeded')
    expect(retryAfter(refused)).toBeGreaterThan(0)
    await uniform.close()
  })
})
