import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKeysUsage } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('GET /v1/api-keys/usage/keys', (database) => {
  let app: FastifyInstance
  const owner = `owner_${randomUUID()}`
  const keys: { id: string; secret: string }[] = []
  let foreign: { id: string; secret: string }

  beforeAll(async () => {
    ;({ app } = await createApp(database()))
    for (const name of ['busy', 'idle', 'calm']) {
      keys.push(await createKey(app, owner, { name, scopes: ['contacts:read'] }))
    }
    foreign = await createKey(app, `owner_${randomUUID()}`, { scopes: ['contacts:read'] })
    // Requests are counted in memory; a node that closes stores what it has.
    const { app: node } = await createApp(database())
    const call = (secret: string, method: 'GET' | 'POST' = 'GET') =>
      node.inject({ method, url: '/contacts', headers: bearer(secret) })
    for (let i = 0; i < 3; i++) await call(keys[0]!.secret)
    await call(keys[0]!.secret, 'POST')
    await call(keys[2]!.secret)
    for (let i = 0; i < 9; i++) await call(foreign.secret)
    await node.close()
  })
  afterAll(() => app.close())

  const get = (query = '', as = owner) => callAs(app, as, { url: `${KEYS}/usage/keys${query}` })
  const idsOf = (usage: ApiKeysUsage) => usage.keys.map(({ id }) => id)
  const query = (...ids: string[]) => `?${ids.map((id) => `ids=${id}`).join('&')}`

  describe('200', () => {
    it('tells the usage of each key that is named, in this order, with every bucket', async () => {
      const reply = await get(query(keys[1]!.id, keys[0]!.id, keys[1]!.id))
      expect(reply.statusCode).toBe(200)
      expect(reply.headers['cache-control']).toBe('no-store')
      const usage = reply.json<ApiKeysUsage>()
      expect(usage).toMatchObject({ interval: 'day', timeZone: 'UTC' })
      expect(idsOf(usage)).toEqual([keys[1]!.id, keys[0]!.id])
      const [idle, busy] = usage.keys
      expect(idle).toMatchObject({ name: 'idle', total: 0, accepted: 0, refused: {} })
      expect(busy).toMatchObject({ total: 4, accepted: 3, refused: { insufficient_scope: 1 } })
      expect(busy!.data).toHaveLength(30)
      expect(busy!.data[0]).toEqual({ start: usage.from, total: 0, accepted: 0, refused: {} })
      expect(busy!.data.reduce((sum, { total }) => sum + total, 0)).toBe(4)
    })

    it('tells of the busiest keys when none is named, also of revoked ones, and of no idle ones', async () => {
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${keys[2]!.id}` })
      expect(idsOf((await get()).json())).toEqual([keys[0]!.id, keys[2]!.id])
      expect(idsOf((await get('?limit=1&interval=hour')).json())).toEqual([keys[0]!.id])
      expect(idsOf((await get('?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z')).json())).toEqual([])
    })

    it('leaves out what is no key of the owner', async () => {
      const asked = query('nothing', foreign.id, 'key_01h455vb4pex5vsknk084sn02q', keys[0]!.id)
      expect(idsOf((await get(asked)).json())).toEqual([keys[0]!.id])
      expect(idsOf((await get(query(keys[0]!.id), 'stranger')).json())).toEqual([])
      expect(idsOf((await get('', 'stranger')).json())).toEqual([])
    })
  })

  describe('400', () => {
    it.each([
      ['ids', query(...Array.from({ length: 101 }, (_, i) => `key_${i}`)), /100/],
      ['limit', '?limit=101', /100/],
      ['limit', '?limit=0', /1/],
      ['limit', '?limit=3&ids=key_1', /does not go with ids/],
      [
        'from',
        '?interval=hour&from=2026-11-01T00:00:00Z&to=2026-11-08T00:00:00Z',
        /100 buckets for each key/,
      ],
      ['from', '?from=2020-02-01T00:00:00Z&to=2020-02-03T01:00:00Z', /what is kept begins/],
      ['timeZone', '?timeZone=Mars/Olympus', /"Mars\/Olympus"/],
      ['owner', '?owner=other', /./],
    ])('names %s for %s', async (field, asked, message) => {
      const { errors } = expectProblem(await get(asked), 'invalid_request')
      expect(errors).toEqual([{ field, message: expect.stringMatching(message) as string }])
    })
  })
})
