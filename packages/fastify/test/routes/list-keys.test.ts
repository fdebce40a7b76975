import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKeyList } from '../../src/index.ts'
import { callAs, createApp, createKey, KEYS, type NewKey } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('GET /v1/api-keys', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const list = (owner: string, query = '') => callAs(app, owner, { url: `${KEYS}${query}` })
  const names = async (owner: string, query = '') =>
    (await list(owner, query)).json<ApiKeyList>().data.map(({ name }) => name)

  /** An owner with these keys, made in this order. */
  async function ownerWith(...keys: NewKey[]): Promise<string> {
    const owner = `owner_${randomUUID()}`
    for (const key of keys) await createKey(app, owner, key)
    return owner
  }

  /** Every page, one after the other. */
  async function pages(owner: string, query: string, between = async () => {}): Promise<string[][]> {
    const found: string[][] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const url: string = `?${query}${cursor && `&cursor=${cursor}`}`
      const page: ApiKeyList = (await list(owner, url)).json()
      found.push(page.data.map(({ name }) => name))
      cursor = page.nextCursor
      if (cursor !== null) await between()
    }
    return found
  }

  describe('200', () => {
    it('answers an owner who has no keys with an empty page', async () => {
      expect((await list(await ownerWith())).json()).toEqual({
        data: [],
        nextCursor: null,
        total: null,
      })
    })

    it('shows no secret, no hash, and nothing but the documented fields', async () => {
      const owner = `owner_${randomUUID()}`
      const { secret } = await createKey(app, owner)
      const reply = await list(owner)
      expect(reply.body).not.toContain(secret.slice(12))
      expect(Object.keys(reply.json<ApiKeyList>().data[0]!).sort()).toEqual(
        [
          'allowedIps',
          'allowedOrigins',
          'blockBrowsers',
          'createdAt',
          'createdBy',
          'environment',
          'expiresAt',
          'expiresSoon',
          'id',
          'kind',
          'lastUsedAddress',
          'lastUsedAt',
          'metadata',
          'name',
          'notBefore',
          'owner',
          'quota',
          'rateLimits',
          'retiringSecret',
          'revocation',
          'revokedAt',
          'rotateEveryDays',
          'rotatedAt',
          'rotationDueAt',
          'scopes',
          'start',
          'status',
          'updatedAt',
          'version',
        ].sort(),
      )
      expect(reply.headers['cache-control']).toBe('no-store')
    })

    it('lists the newest first, or as sort says', async () => {
      const owner = await ownerWith({ name: 'b' }, { name: 'a' }, { name: 'c' })
      expect(await names(owner)).toEqual(['c', 'a', 'b'])
      expect(await names(owner, '?sort=createdAt')).toEqual(['b', 'a', 'c'])
      expect(await names(owner, '?sort=name')).toEqual(['a', 'b', 'c'])
      expect(await names(owner, '?sort=-name')).toEqual(['c', 'b', 'a'])
    })

    it('finds part of a name in any case, and takes wildcards literally', async () => {
      const owner = await ownerWith({ name: 'CRM 100%' }, { name: 'Billing' }, { name: 'snake_case' })
      expect(await names(owner, '?q=crm')).toEqual(['CRM 100%'])
      expect(await names(owner, `?q=${encodeURIComponent('%')}`)).toEqual(['CRM 100%'])
      expect(await names(owner, '?q=_')).toEqual(['snake_case'])
      expect(await names(owner, '?q=nothing')).toEqual([])
    })

    it('finds a key by how its secret begins', async () => {
      const owner = `owner_${randomUUID()}`
      const { secret } = await createKey(app, owner, { name: 'wanted' })
      expect(await names(owner, `?q=${secret.slice(0, 12)}`)).toEqual(['wanted'])
    })

    it('leaves revoked keys out unless asked, and takes several states by repetition', async () => {
      const owner = await ownerWith({ name: 'active' })
      const revoked = await createKey(app, owner, { name: 'revoked' })
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${revoked.id}` })
      const disabled = await createKey(app, owner, { name: 'disabled' })
      await callAs(app, owner, {
        method: 'PATCH',
        url: `${KEYS}/${disabled.id}`,
        payload: { enabled: false },
      })
      expect(await names(owner, '?sort=name')).toEqual(['active', 'disabled'])
      expect(await names(owner, '?status=revoked')).toEqual(['revoked'])
      expect(await names(owner, '?sort=name&status=revoked&status=active')).toEqual(['active', 'revoked'])
    })

    it('tells environments apart', async () => {
      const owner = await ownerWith({ name: 'live' }, { name: 'test', environment: 'test' })
      expect(await names(owner, '?environment=test')).toEqual(['test'])
    })

    it('finds the keys that may do something, by whatever name they hold the scope', async () => {
      const owner = await ownerWith(
        { name: 'by name', scopes: ['contacts:read'] },
        { name: 'by resource', scopes: ['contacts:*'] },
        { name: 'other', scopes: ['contacts:write'] },
        { name: 'none' },
      )
      expect(await names(owner, '?sort=name&scope=contacts:read')).toEqual(['by name', 'by resource'])
      expect(await names(owner, `?scope=${encodeURIComponent('contacts:*')}`)).toEqual(['by resource'])
      expect(await names(owner, '?scope=contacts')).toEqual([])
    })

    it('tells keys apart by who created them', async () => {
      const owner = await ownerWith({ name: 'mine' })
      const { createdBy } = (await list(owner)).json<ApiKeyList>().data[0]!
      expect(await names(owner, `?createdBy=${createdBy.id}`)).toEqual(['mine'])
      expect(await names(owner, '?createdBy=nobody')).toEqual([])
    })

    it('finds keys that end soon, that never end, that nobody uses, and that have two secrets', async () => {
      const soon = new Date(Date.now() + 86_400_000).toISOString()
      const late = new Date(Date.now() + 2 * 86_400_000).toISOString()
      const owner = await ownerWith({ name: 'ends', expiresAt: soon }, { name: 'stays' })
      const rotated = await createKey(app, owner, { name: 'rotated' })
      await callAs(app, owner, {
        method: 'POST',
        url: `${KEYS}/${rotated.id}/rotate`,
        payload: { gracePeriodSeconds: 60 },
      })
      expect(await names(owner, `?expiresBefore=${late}`)).toEqual(['ends'])
      expect(await names(owner, `?expiresBefore=${soon}`)).toEqual([])
      expect(await names(owner, '?neverExpires=true&sort=name')).toEqual(['rotated', 'stays'])
      expect(await names(owner, '?neverExpires=false')).toEqual(['ends'])
      expect(await names(owner, '?rotating=true')).toEqual(['rotated'])
      expect(await names(owner, '?rotating=false&sort=name')).toEqual(['ends', 'stays'])
      expect(await names(owner, `?unusedSince=${soon}&sort=name`)).toEqual(['ends', 'rotated', 'stays'])
      expect(await names(owner, '?unusedSince=2020-01-01T00:00:00Z')).toEqual([])
    })

    it('tells how many keys there are on all pages when asked, by the filter and on every page', async () => {
      const owner = await ownerWith({ name: 'a1' }, { name: 'a2' }, { name: 'b1' }, { name: 'a3' })
      const page = async (query: string) => (await list(owner, query)).json<ApiKeyList>()
      expect((await page('?limit=1')).total).toBeNull()
      const first = await page('?limit=2&q=a&sort=name&count=true')
      expect(first).toMatchObject({ total: 3, data: [{ name: 'a1' }, { name: 'a2' }] })
      const second = await page(`?limit=2&q=a&sort=name&count=true&cursor=${first.nextCursor}`)
      expect(second).toMatchObject({ total: 3, nextCursor: null, data: [{ name: 'a3' }] })
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${second.data[0]!.id}` })
      expect((await page('?limit=2&q=a&count=true')).total).toBe(2)
    })

    it('lets a viewer read', async () => {
      const owner = await ownerWith({ name: 'seen' })
      const reply = await callAs(app, owner, { url: KEYS }, 'viewer')
      expect(reply.json<ApiKeyList>().data).toHaveLength(1)
    })

    it('shows an owner nothing of another, whatever the cursor', async () => {
      const mine = await ownerWith({ name: 'm1' }, { name: 'm2' }, { name: 'm3' })
      const theirs = await ownerWith({ name: 't1' })
      const { nextCursor } = (await list(mine, '?limit=1')).json<ApiKeyList>()
      const reply = await list(theirs, `?cursor=${nextCursor}`)
      expect(reply.json<ApiKeyList>().data.every(({ owner }) => owner === theirs)).toBe(true)
    })
  })

  describe('200 by pages', () => {
    it.each(['sort=name', 'sort=-name', 'sort=createdAt', 'sort=-createdAt'])(
      'shows every key exactly once with %s, names repeated or not',
      async (sort) => {
        const owner = await ownerWith(...['x', 'x', 'x', 'a', 'b', 'x', 'c'].map((name) => ({ name })))
        const found = await pages(owner, `limit=2&${sort}`)
        expect(found.map((page) => page.length)).toEqual([2, 2, 2, 1])
        expect(found.flat().sort()).toEqual(['a', 'b', 'c', 'x', 'x', 'x', 'x'])
      },
    )

    it('neither repeats nor skips a key that stays while others come and go', async () => {
      const owner = `owner_${randomUUID()}`
      const stay = ['s0', 's1', 's2', 's3', 's4', 's5']
      const leave: string[] = []
      for (const name of stay) {
        await createKey(app, owner, { name })
        leave.push((await createKey(app, owner, { name: `gone after ${name}` })).id)
      }
      const churn = async () => {
        await createKey(app, owner, { name: `new ${randomUUID()}` })
        await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${leave.pop()}` })
      }
      for (const sort of ['-createdAt', 'name']) {
        const found = (await pages(owner, `limit=3&sort=${sort}`, churn)).flat()
        expect(new Set(found).size).toBe(found.length)
        expect(found.filter((name) => stay.includes(name)).sort()).toEqual(stay)
      }
    })
  })

  describe('400', () => {
    it.each([
      ['limit', 'limit=0'],
      ['limit', 'limit=101'],
      ['limit', 'limit=-1'],
      ['limit', 'limit=1.5'],
      ['limit', 'limit='],
      ['limit', 'limit=many'],
      ['limit', 'limit=1&limit=9999'],
      ['sort', 'sort=hash'],
      ['sort', 'sort=name;drop'],
      ['sort', 'sort=name&sort=-name'],
      ['status.0', 'status=active,revoked'],
      ['status.0', 'status=constructor'],
      ['environment', 'environment=prod'],
      ['q', `q=${'x'.repeat(201)}`],
      ['q', 'q=%00'],
      ['q', 'q=a&q=b'],
      ['cursor', 'cursor=x'],
      ['cursor', `cursor=${'A'.repeat(3_000)}`],
      ['owner', 'owner=someone-else'],
      ['scope', 'scope='],
      ['scope', `scope=${'x'.repeat(256)}`],
      ['createdBy', 'createdBy=%00'],
      ['expiresBefore', 'expiresBefore=soon'],
      ['expiresBefore', 'expiresBefore=2026-06-30T23:59:60Z'],
      ['unusedSince', 'unusedSince=0000-01-01T00:00:00Z'],
      ['neverExpires', 'neverExpires=yes'],
      ['rotating', 'rotating=2'],
      ['count', 'count=all'],
      ['api_key', 'api_key=lk_live_x'],
      ['__proto__', '__proto__=1'],
    ])('refuses a wrong %s: %s', async (field, query) => {
      const { errors } = expectProblem(await list('acme', `?${query}`), 'invalid_request')
      expect(errors?.map((error) => error.field)).toContain(field)
    })

    it('refuses a cursor of another order', async () => {
      const owner = await ownerWith({ name: 'a' }, { name: 'b' })
      const { nextCursor } = (await list(owner, '?limit=1&sort=name')).json<ApiKeyList>()
      expectProblem(await list(owner, `?limit=1&sort=createdAt&cursor=${nextCursor}`), 'invalid_request')
    })

    it('answers a cursor that was tampered with by 200 or 400, never by more', async () => {
      const owner = await ownerWith({ name: 'a' }, { name: 'b' })
      const { nextCursor } = (await list(owner, '?limit=1')).json<ApiKeyList>()
      const tampered = fc.tuple(fc.nat(nextCursor!.length - 1), fc.constantFrom('A', '_', '9', '%00'))
      await fc.assert(
        fc.asyncProperty(tampered, async ([position, replacement]) => {
          const cursor = nextCursor!.slice(0, position) + replacement + nextCursor!.slice(position + 1)
          const reply = await list(owner, `?limit=1&cursor=${cursor}`)
          expect([200, 400]).toContain(reply.statusCode)
          if (reply.statusCode === 400) expectProblem(reply, 'invalid_request')
        }),
        { numRuns: 50 },
      )
    })
  })

  describe('401', () => {
    it('asks a stranger to sign in', async () => {
      expectProblem(await app.inject({ url: KEYS }), 'unauthenticated')
    })
  })
})
