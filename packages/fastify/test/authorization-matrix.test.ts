import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { CreatedApiKey, CreatedToken } from '../src/index.ts'
import { bearer, callAs, createKey, createServiceKey, KEYS, signedIn } from './support/app.ts'
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
  'key with keys:read',
  'key with keys:write',
  'key with audit:read',
  'root key of another owner',
  'disabled key',
  'expired key',
  'revoked key',
  'revoked root key',
  'made-up key',
  'service',
  'proxy for a key with every scope',
  'person and key at once',
  'token of a root key',
] as const
type Caller = (typeof CALLERS)[number]

/** What everybody gets who is not named in a row. */
type Row = { default: number } & Partial<Record<Caller, number>>

const readers = { owner: 200, admin: 200, developer: 200, viewer: 200 }
const stranger = {
  'admin of another owner': 404,
  'viewer of another owner': 404,
  'root key of another owner': 404,
}
const foreignReaders = {
  'admin of another owner': 200,
  'viewer of another owner': 200,
  'root key of another owner': 200,
}
/** Good keys that were not made for managing keys. With one of them a person is no more than it. */
const otherKeys = {
  'key with every scope': 403,
  'key without scopes': 403,
  'test key': 403,
  'key of another owner': 403,
  service: 403,
  'proxy for a key with every scope': 403,
  'person and key at once': 403,
}
/** What only shows. */
const reading: Row = {
  default: 401,
  ...readers,
  ...otherKeys,
  'key with keys:read': 200,
  'key with keys:write': 403,
  'key with audit:read': 403,
}
/** What tells of other people. */
const auditing: Row = {
  ...reading,
  developer: 403,
  viewer: 403,
  'key with keys:read': 403,
  'key with audit:read': 200,
  'admin of another owner': 200,
  'viewer of another owner': 403,
  'root key of another owner': 403,
}
/** What changes keys. */
const writing: Row = {
  default: 401,
  ...readers,
  viewer: 403,
  ...otherKeys,
  'key with keys:read': 403,
  'key with keys:write': 200,
  'key with audit:read': 403,
  ...stranger,
  'viewer of another owner': 403,
}
const forServices: Row = {
  default: 401,
  ...otherKeys,
  'key with keys:read': 403,
  'key with keys:write': 403,
  'key with audit:read': 403,
  'root key of another owner': 403,
  service: 200,
}
const protectedByScope: Row = {
  default: 401,
  ...otherKeys,
  'key with keys:read': 403,
  'key with keys:write': 403,
  'key with audit:read': 403,
  'root key of another owner': 403,
  'key with every scope': 200,
  'key of another owner': 200,
  'proxy for a key with every scope': 200,
  'person and key at once': 200,
}

const forAnyKey: Row = {
  ...protectedByScope,
  'key without scopes': 200,
  'test key': 200,
  'key with keys:read': 200,
  'key with keys:write': 200,
  'key with audit:read': 200,
  'root key of another owner': 200,
  service: 200,
}

/** The status of every operation for everybody. Whatever is not listed here is not allowed to exist. */
const MATRIX: Record<string, Row> = {
  listApiKeys: { ...reading, ...foreignReaders },
  listScopes: { ...reading, ...foreignReaders },
  createApiKey: {
    ...writing,
    owner: 201,
    admin: 201,
    developer: 201,
    'key with keys:write': 201,
    'admin of another owner': 201,
    'root key of another owner': 201,
  },
  getApiKeyPolicy: { ...reading, ...foreignReaders },
  // People only: a program lives by the policy, and has no say in it.
  setApiKeyPolicy: {
    ...writing,
    developer: 403,
    'key with keys:write': 403,
    'admin of another owner': 200,
    'root key of another owner': 403,
  },
  getApiKey: { ...reading, ...stranger },
  getApiKeyUsage: { ...reading, ...stranger },
  getApiKeyRoutes: { ...reading, ...stranger },
  getUsage: { ...reading, ...foreignReaders },
  listAuditEvents: auditing,
  exportAuditEvents: auditing,
  getUsageOfKeys: { ...reading, ...foreignReaders },
  updateApiKey: writing,
  rotateApiKey: writing,
  updateRetiringSecret: writing,
  deleteApiKey: writing,
  revokeApiKey: writing,
  restoreApiKey: writing,
  // Each key has a result of its own, so that those of others are told in the body.
  changeApiKeys: { ...writing, 'admin of another owner': 200, 'root key of another owner': 200 },
  // Whoever holds a key may end it, whatever it may do: its body is wrong here, so that they live on for the other rows.
  selfRevokeApiKey: {
    default: 401,
    'key with every scope': 400,
    'key without scopes': 400,
    'test key': 400,
    'key of another owner': 400,
    'key with keys:read': 400,
    'key with keys:write': 400,
    'key with audit:read': 400,
    'root key of another owner': 400,
    'disabled key': 400,
    service: 400,
    'proxy for a key with every scope': 400,
    'person and key at once': 400,
  },
  verifyApiKey: forServices,
  verifyApiKeys: forServices,
  authorizeRequest: { default: 401, 'proxy for a key with every scope': 200 },
  createToken: forAnyKey,
  getJwks: { default: 200 },
  'get /any': forAnyKey,
  'get /contacts': protectedByScope,
  'post /contacts': protectedByScope,
  'get /open': { default: 200 },
}

const BODIES: Record<string, object> = {
  createApiKey: { name: 'Made by the matrix' },
  updateApiKey: { enabled: false },
  setApiKeyPolicy: { expiry: null },
  updateRetiringSecret: { gracePeriodSeconds: 0 },
  changeApiKeys: { action: 'disable', ids: ['nothing'] },
  selfRevokeApiKey: { reason: 'nothing' },
  verifyApiKey: { secret: 'nonsense' },
  verifyApiKeys: { requests: [{ secret: 'nonsense' }] },
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

    const owns = ['keys:read', 'keys:write']
    const reader = await createKey(app, mine, { scopes: ['keys:read'] })
    const writer = await createKey(app, mine, { scopes: ['keys:write'] })
    const auditor = await createKey(app, mine, { scopes: ['audit:read'] })
    const revokedRoot = await createKey(app, mine, { scopes: [...owns, ...scopes] })
    await change(revokedRoot.id, 'DELETE')
    const service = await createServiceKey(app)

    headers.set('nobody', {})
    headers.set('key with keys:read', bearer(reader.secret))
    headers.set('key with keys:write', bearer(writer.secret))
    headers.set('key with audit:read', bearer(auditor.secret))
    headers.set('revoked root key', bearer(revokedRoot.secret))
    headers.set('root key of another owner', bearer((await createKey(app, theirs, { scopes: owns })).secret))
    headers.set('service', bearer(service))
    headers.set('proxy for a key with every scope', {
      ...bearer(full.secret),
      'x-latchkey-key': service,
    })
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
    const root = await createKey(app, mine, { scopes: [...owns, ...scopes] })
    const token = await app.inject({
      method: 'POST',
      url: `${KEYS}/token`,
      headers: bearer(root.secret),
      payload: {},
    })
    headers.set('token of a root key', bearer(token.json<CreatedToken>().access_token))
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
    if (operationId === 'restoreApiKey') {
      await callAs(documented.app, mine, { method: 'DELETE', url: `${KEYS}/${id}` })
    }
    const payload = BODIES[operationId] ?? (method === 'POST' ? {} : undefined)
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

  it('never lets a key manage keys that was not made for it', () => {
    const managing = Object.values(MATRIX).filter((row) => row.admin !== undefined)
    expect(managing).toHaveLength(19)
    for (const row of managing) {
      for (const caller of Object.keys(otherKeys) as Caller[]) expect(row[caller]).toBe(403)
    }
  })
})
