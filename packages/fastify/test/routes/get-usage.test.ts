import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKey, ApiKeyUsage } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('GET /v1/api-keys/:id/usage and /v1/api-keys/usage', (database) => {
  let app: FastifyInstance
  const owner = `owner_${randomUUID()}`
  const keys: { id: string; secret: string }[] = []

  beforeAll(async () => {
    ;({ app } = await createApp(database()))
    for (let i = 0; i < 2; i++) keys.push(await createKey(app, owner, { scopes: ['contacts:read'] }))
    const [first, second] = keys
    // Requests are counted in memory; a node that closes stores what it has.
    const { app: node } = await createApp(database())
    const call = (url: string, secret: string, method: 'GET' | 'POST' = 'GET') =>
      node.inject({ method, url, headers: bearer(secret), remoteAddress: '192.0.2.17' })
    for (let i = 0; i < 3; i++) await call('/contacts', first!.secret)
    await call('/contacts', first!.secret, 'POST')
    await call('/any', second!.secret)
    await node.close()
  })
  afterAll(() => app.close())

  const get = async (path: string, as = owner) => callAs(app, as, { url: `${KEYS}${path}` })

  describe('200', () => {
    it('tells what became of the requests with a key, one count each, and from where it was used', async () => {
      const reply = await get(`/${keys[0]!.id}/usage`)
      expect(reply.statusCode).toBe(200)
      expect(reply.headers['cache-control']).toBe('no-store')
      const usage = reply.json<ApiKeyUsage>()
      const counts = { total: 4, accepted: 3, refused: { insufficient_scope: 1 } }
      expect(usage).toMatchObject({ interval: 'day', timeZone: 'UTC', ...counts })
      expect(usage.data).toHaveLength(30)
      expect(usage.data.reduce((sum, { total }) => sum + total, 0)).toBe(4)
      expect(usage.data[0]).toEqual({ start: usage.from, total: 0, accepted: 0, refused: {} })
      const key = (await get(`/${keys[0]!.id}`)).json<ApiKey>()
      expect(key.lastUsedAddress).toBe('192.0.2.17')
    })

    it('tells the same of all keys together, also after one was revoked', async () => {
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${keys[1]!.id}` })
      expect((await get('/usage')).json()).toMatchObject({ total: 5, accepted: 4 })
      expect((await get(`/${keys[1]!.id}/usage`)).json()).toMatchObject({ total: 1, accepted: 1 })
    })

    it('cuts time as it is asked to', async () => {
      const from = '2026-10-25T00:30:00%2B02:00'
      const to = '2026-10-25T23:30:00%2B01:00'
      const query = `from=${from}&to=${to}&interval=hour&timeZone=Europe/Berlin`
      const usage = (await get(`/usage?${query}`)).json<ApiKeyUsage>()
      expect(usage).toMatchObject({
        interval: 'hour',
        timeZone: 'Europe/Berlin',
        from: '2026-10-24T22:00:00.000Z',
        to: '2026-10-25T23:00:00.000Z',
        total: 0,
      })
      expect(usage.data).toHaveLength(25)
    })
  })

  describe('400', () => {
    it.each([
      ['timeZone', 'timeZone=Mars/Olympus', /"Mars\/Olympus"/],
      [
        'from',
        'interval=minute&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z',
        /1500 buckets; ask for less/,
      ],
      ['from', 'from=2026-02-01T00:00:00Z&to=2026-02-01T00:00:00Z', /before the end/],
      ['from', 'interval=minute&from=2020-02-01T00:00:00Z&to=2020-02-01T01:00:00Z', /ask for hours or days/],
      ['from', 'from=2020-02-01T00:00:00Z&to=2020-02-03T01:00:00Z', /what is kept begins/],
      ['from', 'from=yesterday', /date-time/],
      ['to', 'to=2026-06-30T23:59:60Z', /moment/],
      ['interval', 'interval=week', /minute/],
      ['owner', 'owner=other', /./],
    ])('names %s for ?%s', async (field, query, message) => {
      for (const path of ['/usage', `/${keys[0]!.id}/usage`]) {
        const { errors } = expectProblem(await get(`${path}?${query}`), 'invalid_request')
        expect(errors).toEqual([{ field, message: expect.stringMatching(message) as string }])
      }
    })
  })

  describe('404', () => {
    it("answers another owner's id like one that never was, and tells another owner nothing", async () => {
      const bodies = await Promise.all(
        [keys[0]!.id, 'key_01h455vb4pex5vsknk084sn02q', 'nothing'].map(async (id) => {
          const { requestId: _, ...rest } = expectProblem(await get(`/${id}/usage`, 'stranger'), 'not_found')
          return JSON.stringify(rest)
        }),
      )
      expect(new Set(bodies).size).toBe(1)
      expect((await get('/usage', 'stranger')).json()).toMatchObject({ total: 0 })
    })
  })
})
