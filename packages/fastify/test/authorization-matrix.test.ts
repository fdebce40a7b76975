import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { CreatedApiKey } from '../src/index.ts'
import { bearer, callAs, createKey, KEYS, signedIn } from './support/app.ts'
import { createDocumentedApp, type DocumentedApp, type Operation } from './support/document.ts'
import { describeOnEachDatabase } from './support/databases.ts'

/** Everybody who may come to the door. Keys are those of the owner whose key is asked for. */
const CALLERS = [
  'nobody',
  'owner',
  'admin',
  'developer',
  'viewer',
  'admin of another owner',
  'viewer of another owner',
  'key with every scope',
  'key without scopes',
  'test key',
  'key of another owner',
  'disabled key',
  'expired key',
  'revoked key',
  'made-up key',
  'person and key at once',
] as const
type Caller = (typeof CALLERS)[number]

const KEY_CALLERS = CALLERS.filter((caller) => /(^| )key( |$)/.test(caller) && !caller.startsWith('person'))

/** What everybody gets who is not named in a row. */
type Row = { default: number } & Partial<Record<Caller, number>>

const readers = { owner: 200, admin: 200, developer: 200, viewer: 200, 'person and key at once': 200 }
const stranger = { 'admin of another owner': 404, 'viewer of another owner': 404 }

/** The status of every operation for everybody. Whatever is not listed here is not allowed to exist. */
const MATRIX: Record<string, Row> = {
  listApiKeys: { default: 401, ...readers, 'admin of another owner': 200, 'viewer of another owner': 200 },
  listScopes: { default: 401, ...readers, 'admin of another owner': 200, 'viewer of another owner': 200 },
  createApiKey: {
    default: 401,
    owner: 201,
    admin: 201,
    developer: 201,
    'person and key at once': 201,
    viewer: 403,
    'admin of another owner': 201,
    'viewer of another owner': 403,
  },
  getApiKeyPolicy: {
    default: 401,
    ...readers,
    'admin of another owner': 200,
    'viewer of another owner': 200,
  },
  setApiKeyPolicy: {
    default: 401,
    ...readers,
    developer: 403,
    viewer: 403,
    'admin of another owner': 200,
    'viewer of another owner': 403,
  },
  getApiKey: { default: 401, ...readers, ...stranger },
  getApiKeyUsage: { default: 401, ...readers, ...stranger },
  getUsage: { default: 401, ...readers, 'admin of another owner': 200, 'viewer of another owner': 200 },
  updateApiKey: { default: 401, ...readers, viewer: 403, ...stranger, 'viewer of another owner': 403 },
  rotateApiKey: { default: 401, ...readers, viewer: 403, ...stranger, 'viewer of another owner': 403 },
  updateRetiringSecret: {
    default: 401,
    ...readers,
    viewer: 403,
    ...stranger,
    'viewer of another owner': 403,
  },
  deleteApiKey: { default: 401, ...readers, viewer: 403, ...stranger, 'viewer of another owner': 403 },
  'get /any': {
    default: 401,
    'key with every scope': 200,
    'key without scopes': 200,
    'test key': 200,
    'key of another owner': 200,
    'person and key at once': 200,
  },
  'get /contacts': {
    default: 401,
    'key with every scope': 200,
    'key without scopes': 403,
    'test key': 403,
    'key of another owner': 200,
    'person and key at once': 200,
  },
  'post /contacts': {
    default: 401,
    'key with every scope': 200,
    'key without scopes': 403,
    'test key': 403,
    'key of another owner': 200,
    'person and key at once': 200,
  },
  'get /open': { default: 200 },
}

describeOnEachDatabase('the authorization matrix', (database) => {
  let documented: DocumentedApp
  const mine = `owner_${randomUUID()}`
  const theirs = `owner_${randomUUID()}`
  const headers = new Map<Caller, Record<string, string>>()

  beforeAll(async () => {
    documented = await createDocumentedApp(database())
    const { app } = documented
    const scopes = ['contacts:read', 'contacts:write']
    const change = (id: string, method: 'PATCH' | 'DELETE', payload?: object) =>
      callAs(app, mine, { method, url: `${KEYS}/${id}`, ...(payload && { payload }) })
    const full = await createKey(app, mine, { scopes })
    const disabled = await createKey(app, mine, { scopes })
    await change(disabled.id, 'PATCH', { enabled: false })
    const revoked = await createKey(app, mine, { scopes })
    await change(revoked.id, 'DELETE')
    const expired = await createKey(app, mine, {
      scopes,
      expiresAt: new Date(Date.now() + 100).toISOString(),
    })

    headers.set('nobody', {})
    for (const role of ['owner', 'admin', 'developer', 'viewer'] as const)
      headers.set(role, signedIn(mine, role))
    headers.set('admin of another owner', signedIn(theirs))
    headers.set('viewer of another owner', signedIn(theirs, 'viewer'))
    headers.set('key with every scope', bearer(full.secret))
    headers.set('key without scopes', bearer((await createKey(app, mine)).secret))
    headers.set('test key', bearer((await createKey(app, mine, { environment: 'test' })).secret))
    headers.set('key of another owner', bearer((await createKey(app, theirs, { scopes })).secret))
    headers.set('disabled key', bearer(disabled.secret))
    headers.set('expired key', bearer(expired.secret))
    headers.set('revoked key', bearer(revoked.secret))
    headers.set('made-up key', bearer('lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'))
    headers.set('person and key at once', { ...signedIn(mine), ...bearer(full.secret) })
    const status = async () =>
      (await callAs(app, mine, { url: `${KEYS}/${expired.id}` })).json<{ status: string }>().status
    await vi.waitUntil(async () => (await status()) === 'expired')
  })
  afterAll(() => documented.app.close())

  /** A request as good as the operation can ask for, about a key of `mine`. */
  async function goodRequest({ method, path, operationId }: Operation): Promise<InjectOptions> {
    const { id } = await createKey(documented.app, mine)
    if (operationId === 'updateRetiringSecret') {
      const payload = { gracePeriodSeconds: 60 }
      await callAs(documented.app, mine, { method: 'POST', url: `${KEYS}/${id}/rotate`, payload })
    }
    const payloads: Record<string, object> = {
      createApiKey: { name: 'Made by the matrix' },
      updateApiKey: { enabled: false },
      setApiKeyPolicy: { expiry: null },
      updateRetiringSecret: { gracePeriodSeconds: 0 },
    }
    const payload = payloads[operationId] ?? (method === 'POST' ? {} : undefined)
    return { method, url: path.replace('{id}', id), ...(payload && { payload }) }
  }

  it('has a row for every operation of the document, and none for others', () => {
    const operations = documented.operations.map(({ operationId }) => operationId)
    expect(Object.keys(MATRIX).sort()).toEqual(operations.sort())
  })

  it.each(Object.entries(MATRIX))('%s lets in whom it must, and nobody else', async (operationId, row) => {
    const operation = documented.operations.find((each) => each.operationId === operationId)!
    const statuses: Partial<Record<Caller, number>> = {}
    for (const caller of CALLERS) {
      const request = await goodRequest(operation)
      const reply = await documented.app.inject({ ...request, headers: headers.get(caller)! })
      statuses[caller] = reply.statusCode
      if (reply.statusCode === 201) {
        const { apiKey } = reply.json<CreatedApiKey>()
        expect(apiKey.owner).toBe(caller.includes('another owner') ? theirs : mine)
      }
    }
    const { default: others, ...named } = row
    expect(statuses).toEqual({ ...Object.fromEntries(CALLERS.map((caller) => [caller, others])), ...named })
  })

  it('never lets a key manage keys', () => {
    for (const [operationId, row] of Object.entries(MATRIX)) {
      if (operationId.includes(' ')) continue
      for (const caller of KEY_CALLERS) expect(row[caller] ?? row.default).toBe(401)
    }
    expect(KEY_CALLERS).toHaveLength(8)
  })
})
