import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, startApi, type Api } from './api.ts'

interface Row {
  id: string
  name: string
}
interface List {
  data: Row[]
  nextCursor: string | null
}

describe.each(databases)('the CRM, on $name', ({ create }) => {
  let api: Api
  let key: string
  let foreignKey: string
  beforeAll(async () => {
    api = await startApi(create)
    const scopes = ['contacts:read', 'contacts:write', 'companies:read']
    key = (await api.addKey(await api.addPerson(), scopes)).secret
    foreignKey = (await api.addKey(await api.addPerson(), scopes)).secret
  })
  afterAll(() => api.close())

  type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
  function call(method: Method, url: string, payload?: object, secret = key) {
    const headers = { authorization: `Bearer ${secret}` }
    return api.inject({ method, url, headers, ...(payload && { payload }) })
  }
  const list = async (url: string, secret = key) => (await call('GET', url, undefined, secret)).json<List>()

  const grace = { name: 'Grace Hopper', email: 'grace.hopper@example.com' }

  describe('GET a list', () => {
    it.each([
      ['/v1/contacts', 120],
      ['/v1/companies', 40],
    ])('%s pages through every row once, newest first', async (url, total) => {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page: List = await list(`${url}?limit=17${cursor === null ? '' : `&cursor=${cursor}`}`)
        expect(page.data.length).toBeLessThanOrEqual(17)
        seen.push(...page.data.map((row) => row.id))
        cursor = page.nextCursor
      } while (cursor !== null)
      expect(new Set(seen).size).toBe(total)
      expect(seen).toHaveLength(total)
      expect(seen).toEqual([...seen].sort().reverse())
    })

    it('neither repeats nor skips a row when others come and go between pages', async () => {
      const first = await list('/v1/contacts?limit=10')
      const added = await call('POST', '/v1/contacts', grace)
      await call('DELETE', `/v1/contacts/${first.data.at(-1)!.id}`)
      const second = await list(`/v1/contacts?limit=10&cursor=${first.nextCursor}`)
      const ids = [...first.data, ...second.data].map((row) => row.id)
      expect(new Set(ids).size).toBe(20)
      await call('DELETE', `/v1/contacts/${added.json<Row>().id}`)
    })

    it('has 25 rows when nothing else is asked for, and takes 1 to 100', async () => {
      expect((await list('/v1/contacts')).data).toHaveLength(25)
      expect((await list('/v1/contacts?limit=1')).data).toHaveLength(1)
      expect((await list('/v1/contacts?limit=100')).data).toHaveLength(100)
    })

    it.each([
      ['HARTLEY', ['Imogen Hartley']],
      ['umbra security', ['Yannick Meier', 'Selin Kaya', 'Luca Brunner']],
      ['@kumo-games', ['Alice Fontaine', 'Kenji Watanabe', 'Haruka Mori']],
      ['Élodie', ['Élodie Marchand']],
      ['E\u0301lodie', ['Élodie Marchand']],
      ['%', []],
      ['_', []],
      ["'; drop table crm.contacts; --", []],
      ['\\', []],
    ])('finds contacts by a part of name, address or company: %s', async (q, names) => {
      const { data } = await list(`/v1/contacts?q=${encodeURIComponent(q)}`)
      expect(data.map((row) => row.name)).toEqual(names)
    })

    it('takes an empty search for none', async () => {
      expect((await list('/v1/companies?q=&limit=100')).data).toHaveLength(40)
      expect((await list('/v1/companies?q=fjord')).data.map((row) => row.name)).toEqual([
        'Fjordlight Cruises',
      ])
    })

    it.each([
      'limit=0',
      'limit=101',
      'limit=-1',
      'limit=1.5',
      'limit=ten',
      'limit=1&limit=100',
      'limit=',
      'cursor=x',
      'cursor=',
      'cursor=AAAAAAAAAAAAAAAAAAAAAA%3D%3D',
      'q=%00',
      'q=%1b',
      `q=${'x'.repeat(101)}`,
      'sort=name',
      'workspaceId=workspace_1',
      'owner=x',
    ])('answers 400 to ?%s', async (query) => {
      const response = await call('GET', `/v1/contacts?${query}`)
      expect(response.statusCode).toBe(400)
      expect(response.json<{ errors: unknown[] }>().errors).not.toHaveLength(0)
    })
  })

  describe('of two workspaces', () => {
    it('shows each its own rows alone', async () => {
      const mine = await list('/v1/contacts?limit=100')
      const theirs = await list('/v1/contacts?limit=100', foreignKey)
      const ids = new Set(mine.data.map((row) => row.id))
      expect(theirs.data.filter((row) => ids.has(row.id))).toEqual([])
    })

    it("answers another workspace's id, an unknown and a malformed one with the same 404", async () => {
      const [contact] = (await list('/v1/contacts', foreignKey)).data
      const [company] = (await list('/v1/companies', foreignKey)).data
      const bodies = new Set<string>()
      for (const url of [
        `/v1/contacts/${contact!.id}`,
        `/v1/companies/${company!.id}`,
        '/v1/contacts/contact_01h455vb4pex5vsknk084sn02q',
        `/v1/contacts/${company!.id}`,
        '/v1/contacts/__proto__',
        '/v1/contacts/constructor',
        '/v1/contacts/x',
        "/v1/contacts/'--",
        `/v1/contacts/${'x'.repeat(99)}`,
        `/v1/contacts/${'x'.repeat(500)}`,
      ]) {
        const response = await call('GET', url)
        expect(response.statusCode, url).toBe(404)
        bodies.add(response.body.replace(/"requestId":"[^"]+"/, ''))
      }
      expect([...bodies]).toHaveLength(1)
      expect((await call('PATCH', `/v1/contacts/${contact!.id}`, { name: 'Mine now' })).statusCode).toBe(404)
      expect((await call('DELETE', `/v1/contacts/${contact!.id}`)).statusCode).toBe(404)
      const still = await call('GET', `/v1/contacts/${contact!.id}`, undefined, foreignKey)
      expect(still.json()).toMatchObject({ name: contact!.name })
    })

    it('takes no company of another workspace, and tells it from an unknown one in nothing', async () => {
      const [company] = (await list('/v1/companies', foreignKey)).data
      const unknown = 'company_01h455vb4pex5vsknk084sn02q'
      const replies = await Promise.all(
        [company!.id, unknown, 'x', ''].map((companyId) =>
          call('POST', '/v1/contacts', { ...grace, companyId }),
        ),
      )
      const bodies = new Set(replies.map((reply) => reply.body.replace(/"requestId":"[^"]+"/, '')))
      expect(replies.map((reply) => reply.statusCode)).toEqual([400, 400, 400, 400])
      expect([...bodies]).toHaveLength(1)
    })

    it('means nothing with the cursor of the other', async () => {
      const { nextCursor } = await list('/v1/contacts?limit=5', foreignKey)
      const own = new Set((await list('/v1/contacts?limit=100')).data.map((row) => row.id))
      const page = await list(`/v1/contacts?limit=5&cursor=${nextCursor}`)
      expect(page.data.every((row) => own.has(row.id))).toBe(true)
    })
  })

  describe('a contact', () => {
    it('is created, read, changed and deleted', async () => {
      const [company] = (await list('/v1/companies')).data
      const payload = {
        ...grace,
        name: ' Grace  Hopper ',
        phone: '+1 555 0100',
        jobTitle: null,
        companyId: company!.id,
      }
      const created = await call('POST', '/v1/contacts', payload)
      expect(created.statusCode, created.body).toBe(201)
      const contact = created.json<Row & { createdAt: string }>()
      expect(created.headers.location).toBe(`/v1/contacts/${contact.id}`)
      expect(contact).toMatchObject({
        name: 'Grace  Hopper',
        email: grace.email,
        phone: '+1 555 0100',
        jobTitle: null,
        company: { id: company!.id, name: company!.name },
      })

      const url = `/v1/contacts/${contact.id}`
      expect((await call('GET', url)).json()).toEqual(contact)
      const changed = await call('PATCH', url, { jobTitle: 'Rear Admiral', companyId: null })
      expect(changed.statusCode).toBe(200)
      const { updatedAt } = changed.json<{ updatedAt: string }>()
      expect(changed.json()).toEqual({ ...contact, jobTitle: 'Rear Admiral', company: null, updatedAt })
      expect((await call('DELETE', url)).statusCode).toBe(204)
      for (const method of ['GET', 'DELETE'] as const) expect((await call(method, url)).statusCode).toBe(404)
      expect((await call('PATCH', url, { name: 'Back' })).statusCode).toBe(404)
    })

    it.each([
      ['name', { email: grace.email }],
      ['email', { name: 'x' }],
      ['name', { ...grace, name: '' }],
      ['name', { ...grace, name: '  ' }],
      ['name', { ...grace, name: '\u200b' }],
      ['name', { ...grace, name: 'x'.repeat(101) }],
      ['name', { ...grace, name: 'a\u0000b' }],
      ['name', { ...grace, name: 'a\nb' }],
      ['name', { ...grace, name: 'a\ud800b' }],
      ['name', { ...grace, name: 'a\u202eb' }],
      ['name', { ...grace, name: 42 }],
      ['email', { ...grace, email: 'grace' }],
      ['email', { ...grace, email: 'grace@example.com\r\nx: y' }],
      ['phone', { ...grace, phone: 'x'.repeat(41) }],
      ['companyId', { ...grace, companyId: 7 }],
      ['id', { ...grace, id: 'contact_01h455vb4pex5vsknk084sn02q' }],
      ['workspaceId', { ...grace, workspaceId: 'workspace_1' }],
      ['owner', { ...grace, owner: 'x' }],
      ['createdAt', { ...grace, createdAt: '2020-01-01T00:00:00Z' }],
    ])('is refused with 400 naming %s: %j', async (field, payload) => {
      const response = await call('POST', '/v1/contacts', payload)
      expect(response.statusCode).toBe(400)
      const fields = response.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)
      expect(fields).toContain(field)
    })

    it('keeps every character of a name as text', async () => {
      for (const name of [
        '<img src=x onerror=alert(1)>',
        '{{7*7}}',
        "Robert'); --",
        '👩‍👩‍👧‍👦 family',
        'שלום',
        '山田太郎',
      ]) {
        const response = await call('POST', '/v1/contacts', { ...grace, name })
        expect(response.json()).toMatchObject({ name })
        await call('DELETE', `/v1/contacts/${response.json<Row>().id}`)
      }
    })

    it('is not changed by a body that says nothing', async () => {
      const [contact] = (await list('/v1/contacts')).data
      expect((await call('PATCH', `/v1/contacts/${contact!.id}`, {})).statusCode).toBe(400)
    })
  })
})
