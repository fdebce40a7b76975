import { createHash, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditEvent, AuditEventList } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, signedIn } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

const EVENTS = `${KEYS}/events`

describeOnEachDatabase('GET /v1/api-keys/events', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const list = async (owner: string, query = '') =>
    (await callAs(app, owner, { url: `${EVENTS}${query}` })).json<AuditEventList>()
  const change = (owner: string, id: string, payload: object) =>
    callAs(app, owner, { method: 'PATCH', url: `${KEYS}/${id}`, payload })

  it('200: tells who changed what, from where, and what was there before and after', async () => {
    const owner = randomUUID()
    const { id, secret } = await createKey(app, owner, { name: 'CRM' })
    await change(owner, id, { name: 'Integration with CRM' })
    const reply = await callAs(app, owner, { url: EVENTS, headers: { 'user-agent': 'tester/1.0' } })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    const { data, nextCursor } = reply.json<AuditEventList>()
    expect(nextCursor).toBeNull()
    expect(data.map(({ sequence, action }) => [sequence, action])).toEqual([
      [2, 'key.updated'],
      [1, 'key.created'],
    ])
    expect(data[0]).toEqual({
      sequence: 2,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string,
      action: 'key.updated',
      keyId: id,
      actor: { type: 'person', id: `user_of_${owner}`, name: 'Ada' },
      address: '127.0.0.1',
      userAgent: expect.any(String) as string,
      requestId: expect.any(String) as string,
      databaseRole: expect.any(String) as string,
      before: { name: 'CRM' },
      after: { name: 'Integration with CRM' },
      previousHash: data[1]!.hash,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(data[1]).toMatchObject({ before: null, after: { name: 'CRM' } })
    expect(reply.body).not.toContain(secret)
  })

  it('pages without a gap, whatever happens meanwhile', async () => {
    const owner = randomUUID()
    const { id } = await createKey(app, owner)
    for (const name of ['a', 'b', 'c', 'd']) await change(owner, id, { name })
    const seen: number[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: AuditEventList = await list(owner, `?limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...page.data.map(({ sequence }) => sequence))
      cursor = page.nextCursor
      await change(owner, id, { name: `after ${seen.length}` })
    }
    expect(seen).toEqual([5, 4, 3, 2, 1])
  })

  it('narrows down by key, action, actor and time', async () => {
    const owner = randomUUID()
    const first = await createKey(app, owner, { scopes: ['keys:write'] })
    const second = await createKey(app, owner)
    const byKey = { method: 'PATCH', url: `${KEYS}/${second.id}`, headers: bearer(first.secret) } as const
    await app.inject({ ...byKey, payload: { name: 'by a key' } })
    await change(owner, first.id, { enabled: false })
    const sequences = async (query: string) =>
      (await list(owner, `?${query}`)).data.map(({ sequence }) => sequence)
    const { at } = (await list(owner)).data[1]!
    expect(await sequences(`keyId=${second.id}`)).toEqual([3, 2])
    expect(await sequences('action=key.created&action=key.disabled')).toEqual([4, 2, 1])
    expect(await sequences(`actorId=${first.id}`)).toEqual([3])
    expect(await sequences(`since=${at}`)).toEqual([4, 3])
    expect(await sequences(`until=${at}`)).toEqual([2, 1])
    expect(await sequences('actorId=nobody')).toEqual([])
  })

  it('never shows what happened elsewhere', async () => {
    const owner = randomUUID()
    const { id } = await createKey(app, randomUUID())
    expect((await list(owner, `?keyId=${id}`)).data).toEqual([])
    const [last] = (await list((await createKey(app, owner), owner))).data
    expect(last).toMatchObject({ sequence: 1 })
  })

  it('is for owners and admins, and for keys that were made for it', async () => {
    const owner = randomUUID()
    const auditor = await createKey(app, owner, { scopes: ['audit:read'] })
    const manager = await createKey(app, owner, { scopes: ['keys:read', 'keys:write'] })
    for (const url of [EVENTS, `${EVENTS}/export`]) {
      for (const role of ['owner', 'admin'] as const) {
        expect((await callAs(app, owner, { url }, role)).statusCode).toBe(200)
      }
      for (const role of ['developer', 'viewer'] as const) {
        expectProblem(await callAs(app, owner, { url }, role), 'forbidden')
      }
      expect((await app.inject({ url, headers: bearer(auditor.secret) })).statusCode).toBe(200)
      expectProblem(await app.inject({ url, headers: bearer(manager.secret) }), 'insufficient_scope')
      expectProblem(await app.inject({ url }), 'unauthenticated')
    }
    expectProblem(await app.inject({ url: KEYS, headers: bearer(auditor.secret) }), 'insufficient_scope')
  })

  it('opens no way round: who may not see it makes no key that may, nor gets the secret of one', async () => {
    const owner = randomUUID()
    const auditor = await createKey(app, owner, { scopes: ['audit:read'] })
    const plain = await createKey(app, owner, { scopes: ['keys:write'] })
    const as = (headers: object, request: object) => app.inject({ ...request, headers: { ...headers } })
    const scopes = ['audit:read']
    for (const headers of [signedIn(owner, 'developer'), bearer(plain.secret)]) {
      for (const request of [
        { method: 'POST', url: KEYS, payload: { name: 'x', scopes } },
        { method: 'PATCH', url: `${KEYS}/${plain.id}`, payload: { scopes } },
        { method: 'POST', url: `${KEYS}/${auditor.id}/rotate`, payload: {} },
      ]) {
        expectProblem(await as(headers, request), 'beyond_grant')
      }
    }
    const developer = signedIn(owner, 'developer')
    const listed = JSON.stringify({
      ...(JSON.parse(developer['x-test-principal']!) as object),
      scopes: ['audit:read', 'keys:read'],
    })
    const request = { method: 'POST', url: KEYS, payload: { name: 'x', scopes } }
    expectProblem(await as({ 'x-test-principal': listed }, request), 'beyond_grant')
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['keyId=nonsense', 'keyId'],
    ['action=key.eaten', 'action.0'],
    [`actorId=${'x'.repeat(256)}`, 'actorId'],
    ['actorId=', 'actorId'],
    ['since=yesterday', 'since'],
    ['since=2026-12-31T23:59:60Z', 'since'],
    ['until=0000-01-01T00:00:00Z', 'until'],
    ['page=2', 'page'],
  ])('400: %s', async (query, field) => {
    const problem = expectProblem(await callAs(app, 'o', { url: `${EVENTS}?${query}` }), 'invalid_request')
    expect(problem.errors).toEqual([{ field, message: expect.any(String) as string }])
  })

  describe('GET /events/export', () => {
    const fetchExport = (owner: string, query = '') => callAs(app, owner, { url: `${EVENTS}/export${query}` })

    it('200: is the whole trail in JSON Lines, whose hashes anybody can check', async () => {
      const owner = randomUUID()
      const { id } = await createKey(app, owner)
      for (const name of ['ä', '"; drop', 'c']) await change(owner, id, { name })
      const reply = await fetchExport(owner)
      expect(reply.headers['content-type']).toBe('application/jsonl; charset=utf-8')
      expect(reply.headers['content-disposition']).toMatch(
        /^attachment; filename="audit-\d{4}-\d\d-\d\d\.jsonl"$/,
      )
      expect(reply.headers['cache-control']).toBe('no-store')
      const lines = reply.body.trimEnd().split('\n')
      expect(lines).toHaveLength(4)
      let previous = '0'.repeat(64)
      for (const line of lines) {
        const { hash, previousHash } = JSON.parse(line) as AuditEvent
        const text = line.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}')
        expect(createHash('sha256').update(text).digest('hex')).toBe(hash)
        expect(previousHash).toBe(previous)
        previous = hash
      }
    })

    it('200: is a table in which nothing is a formula', async () => {
      const owner = randomUUID()
      await createKey(app, owner, { name: '=HYPERLINK("http://evil.example")' })
      const headers = { 'user-agent': '@SUM(A1)' }
      await callAs(app, owner, { method: 'POST', url: KEYS, payload: { name: 'b' }, headers })
      const reply = await fetchExport(owner, '?format=csv')
      expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8')
      const rows = reply.body.trimEnd().split('\r\n')
      expect(rows[0]).toMatch(/^sequence,at,action,keyId,/)
      expect(rows).toHaveLength(3)
      expect(rows[2]).toContain(`"'@SUM(A1)"`)
      expect(reply.body).not.toMatch(/(?:^|,)"?[=+@-]/m)
    })

    it('200: is empty, but a table, where nothing was changed', async () => {
      expect((await fetchExport(randomUUID())).body).toBe('')
      expect((await fetchExport(randomUUID(), '?format=csv')).body).toMatch(/^sequence,[^\n]*\r\n$/)
    })

    it('narrows down as the list does, over any number of readings', async () => {
      const owner = randomUUID()
      const { id } = await createKey(app, owner)
      for (let count = 0; count < 520; count++) {
        await app.latchkey.keys.update(owner, { id: 'u', name: null }, id, { name: `name ${count}` })
      }
      const all = (await fetchExport(owner)).body.trimEnd().split('\n')
      expect(all.map((line) => (JSON.parse(line) as AuditEvent).sequence)).toEqual(
        Array.from({ length: 521 }, (_, index) => index + 1),
      )
      expect((await fetchExport(owner, '?action=key.created')).body.trimEnd().split('\n')).toHaveLength(1)
    })

    it('400: in another form; and 405: only GET', async () => {
      expectProblem(await fetchExport('o', '?format=xml'), 'invalid_request')
      for (const method of ['HEAD', 'DELETE'] as const) {
        const reply = await callAs(app, 'o', { method, url: `${EVENTS}/export` })
        expect(reply.statusCode).toBe(405)
        expect(reply.headers['allow']).toBe('GET')
      }
    })
  })
})
