import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { members, passkeys, users } from '../src/account/tables.ts'
import { generateId } from '../src/id.ts'
import { databases, startApi, type Api, type Person, type Request } from './api.ts'
import { createAuthenticator } from './authenticator.ts'

/** Everybody who may come: with nothing, with a session, with a key. */
const callers = [
  'anonymous',
  'owner',
  'admin',
  'developer',
  'viewer',
  'owner of another workspace',
  'operator',
  'key with the scope',
  'key without the scope',
  'key of another workspace',
  'revoked key',
] as const
type Caller = (typeof callers)[number]

interface Row {
  /** What a caller that gets in sends. Ids in it belong to the workspace of `owner`. */
  request: (world: World) => Pick<Request, 'url' | 'payload'>
  expected: Record<Exclude<Caller, 'operator'>, number> & {
    /** In a workspace of their own; where left out, they are no more than any owner of another one. */
    operator?: number
  }
  /** The scope that the key routes ask for. */
  scope?: string
}

interface World {
  apiKeyId: string
  contactId: string
  companyId: string
  /** Of a developer. */
  memberId: string
  invitationId: string
  workspaceId: string
  /** Of `owner`, the person. */
  passkeyId: string
}

/** Open to everybody: nobody's rights are asked for, so everybody gets the same answer. */
const forEverybody = (status: number): Row['expected'] =>
  Object.fromEntries(
    callers.filter((caller) => caller !== 'operator').map((caller) => [caller, status]),
  ) as Row['expected']

/** For signed-in people. A key signs nobody in. */
const forPeople = (status: number, other: Partial<Row['expected']> = {}): Row['expected'] => ({
  ...forEverybody(401),
  owner: status,
  admin: status,
  developer: status,
  viewer: status,
  'owner of another workspace': status,
  ...other,
})

/** For owners and admins. What is named by an id is found in its own workspace alone. */
const forChiefs = (status: number, otherWorkspace = status): Row['expected'] =>
  forPeople(status, { developer: 403, viewer: 403, 'owner of another workspace': otherWorkspace })

/** For those who run the platform, whoever somebody is in a workspace. */
const forOperators = (status: number): Row['expected'] => forPeople(403, { operator: status })
/** For one person. What is another's is not found. */
const forOwnerAlone = (status: number): Row['expected'] => ({ ...forPeople(404), owner: status })

/** For keys. A session is no key. */
const forKeys = (status: number, otherWorkspace = status): Row['expected'] => ({
  ...forEverybody(401),
  'key with the scope': status,
  'key without the scope': 403,
  'key of another workspace': otherWorkspace,
})

/** For signed-in people, and for keys that manage keys of the same workspace. */
const forManagers = (
  scope: 'keys:read' | 'keys:write',
  answers: { status?: number; viewer?: number; otherWorkspace?: number } = {},
): Pick<Row, 'scope' | 'expected'> => {
  const { status = 200, viewer = status, otherWorkspace = status } = answers
  return {
    scope,
    expected: forPeople(status, {
      viewer,
      'owner of another workspace': otherWorkspace,
      'key with the scope': status,
      'key without the scope': 403,
      'key of another workspace': otherWorkspace,
    }),
  }
}

const forAuditors: Pick<Row, 'scope' | 'expected'> = {
  scope: 'audit:read',
  expected: {
    ...forPeople(200, { developer: 403, viewer: 403 }),
    'key with the scope': 200,
    'key without the scope': 403,
    'key of another workspace': 200,
  },
}

const credentials = { email: 'nobody@example.com', password: 'not a password of anybody' }
const wrongPassword = { password: 'not my password' }
const newPasswords = { currentPassword: 'not my password', newPassword: 'eight tidier otters' }
/** For challenges that nobody was given. */
const attestation = createAuthenticator().create({ challenge: 'x' })
const assertion = createAuthenticator().get({ challenge: 'x' })
const contact = { name: 'Grace Hopper', email: 'grace@example.com' }

/** One row for each operation of the document; the test fails on one that has none. */
const matrix: Record<string, Row> = {
  'GET /v1/setup': { request: () => ({ url: '/v1/setup' }), expected: forEverybody(200) },
  'POST /v1/setup': {
    request: () => ({
      url: '/v1/setup',
      payload: { ...credentials, token: 'x', name: 'Eve', workspaceName: 'Eve' },
    }),
    expected: forEverybody(409),
  },
  'POST /v1/session': {
    request: () => ({ url: '/v1/session', payload: credentials }),
    expected: forEverybody(401),
  },
  'GET /v1/session': { request: () => ({ url: '/v1/session' }), expected: forPeople(200) },
  'POST /v1/password': {
    request: () => ({ url: '/v1/password', payload: newPasswords }),
    expected: forPeople(403),
  },
  'PUT /v1/session/workspace': {
    request: ({ workspaceId }) => ({ url: '/v1/session/workspace', payload: { workspaceId } }),
    expected: forPeople(200, { 'owner of another workspace': 404 }),
  },
  'POST /v1/session/second-factor': {
    request: () => ({ url: '/v1/session/second-factor', payload: { code: '000000', method: 'app' } }),
    expected: forEverybody(401),
  },
  'GET /v1/second-factor': { request: () => ({ url: '/v1/second-factor' }), expected: forPeople(200) },
  'POST /v1/second-factor': {
    request: () => ({ url: '/v1/second-factor', payload: wrongPassword }),
    expected: forPeople(403),
  },
  'POST /v1/second-factor/confirm': {
    request: () => ({ url: '/v1/second-factor/confirm', payload: { code: '000000' } }),
    expected: forPeople(409),
  },
  'POST /v1/second-factor/recovery-codes': {
    request: () => ({ url: '/v1/second-factor/recovery-codes', payload: wrongPassword }),
    // The operator has a second factor.
    expected: forPeople(409, { operator: 403 }),
  },
  'POST /v1/second-factor/remove': {
    request: () => ({ url: '/v1/second-factor/remove', payload: wrongPassword }),
    expected: forPeople(403),
  },
  'GET /v1/openid': { request: () => ({ url: '/v1/openid' }), expected: forEverybody(200) },
  // No provider is set up here.
  'POST /v1/openid/sign-in': {
    request: () => ({ url: '/v1/openid/sign-in', payload: {} }),
    expected: forEverybody(404),
  },
  'POST /v1/openid/callback': {
    request: () => ({ url: '/v1/openid/callback', payload: { state: 'x', code: 'x' } }),
    expected: forEverybody(404),
  },
  'GET /v1/openid/connection': {
    request: () => ({ url: '/v1/openid/connection' }),
    expected: forPeople(200),
  },
  'POST /v1/openid/connection': {
    request: () => ({ url: '/v1/openid/connection' }),
    expected: forPeople(404),
  },
  'DELETE /v1/openid/connection': {
    request: () => ({ url: '/v1/openid/connection' }),
    expected: forPeople(404),
  },
  'POST /v1/session/passkey/challenge': {
    request: () => ({ url: '/v1/session/passkey/challenge' }),
    expected: forEverybody(200),
  },
  'POST /v1/session/passkey': {
    request: () => ({ url: '/v1/session/passkey', payload: { credential: assertion } }),
    expected: forEverybody(401),
  },
  'POST /v1/session/authentication/password': {
    request: () => ({ url: '/v1/session/authentication/password', payload: wrongPassword }),
    expected: forPeople(403),
  },
  'POST /v1/session/authentication/passkey': {
    request: () => ({ url: '/v1/session/authentication/passkey', payload: { credential: assertion } }),
    expected: forPeople(401),
  },
  'GET /v1/passkeys': { request: () => ({ url: '/v1/passkeys' }), expected: forPeople(200) },
  'POST /v1/passkeys/challenge': {
    request: () => ({ url: '/v1/passkeys/challenge' }),
    expected: forPeople(200),
  },
  'POST /v1/passkeys': {
    request: () => ({ url: '/v1/passkeys', payload: { name: 'x', credential: attestation } }),
    expected: forPeople(403),
  },
  'PATCH /v1/passkeys/{id}': {
    request: ({ passkeyId }) => ({ url: `/v1/passkeys/${passkeyId}`, payload: { name: 'x' } }),
    expected: forOwnerAlone(200),
  },
  'DELETE /v1/passkeys/{id}': {
    request: ({ passkeyId }) => ({ url: `/v1/passkeys/${passkeyId}` }),
    expected: forOwnerAlone(204),
  },
  'GET /v1/members': { request: () => ({ url: '/v1/members' }), expected: forPeople(200) },
  'GET /v1/members/{id}': {
    request: ({ memberId }) => ({ url: `/v1/members/${memberId}` }),
    expected: forPeople(200, { 'owner of another workspace': 404 }),
  },
  'PATCH /v1/members/{id}': {
    request: ({ memberId }) => ({ url: `/v1/members/${memberId}`, payload: { role: 'viewer' } }),
    expected: forChiefs(200, 404),
  },
  'DELETE /v1/members/{id}': {
    request: ({ memberId }) => ({ url: `/v1/members/${memberId}` }),
    expected: forChiefs(204, 404),
  },
  'GET /v1/invitations': { request: () => ({ url: '/v1/invitations' }), expected: forChiefs(200) },
  'POST /v1/invitations': {
    request: () => ({
      url: '/v1/invitations',
      payload: { email: `${generateId('guest')}@example.com`, role: 'admin' },
    }),
    expected: forChiefs(201),
  },
  'DELETE /v1/invitations/{id}': {
    request: ({ invitationId }) => ({ url: `/v1/invitations/${invitationId}` }),
    expected: forChiefs(204, 404),
  },
  // Whoever has the token of an invitation needs nothing else; these have none.
  'POST /v1/invitation/read': {
    request: () => ({ url: '/v1/invitation/read', payload: { token: 'x' } }),
    expected: forEverybody(403),
  },
  'POST /v1/invitation/accept': {
    request: () => ({
      url: '/v1/invitation/accept',
      payload: { token: 'x', name: 'Eve', password: 'not a password of anybody' },
    }),
    expected: forEverybody(403),
  },
  'POST /v1/invitation/join': {
    request: () => ({ url: '/v1/invitation/join', payload: { token: 'x' } }),
    expected: forPeople(403),
  },
  'GET /v1/api-keys': { request: () => ({ url: '/v1/api-keys' }), ...forManagers('keys:read') },
  'GET /v1/api-keys/scopes': {
    request: () => ({ url: '/v1/api-keys/scopes' }),
    ...forManagers('keys:read'),
  },
  'GET /v1/api-keys/usage': {
    request: () => ({ url: '/v1/api-keys/usage' }),
    ...forManagers('keys:read'),
  },
  // They tell of other people.
  'GET /v1/api-keys/events': { request: () => ({ url: '/v1/api-keys/events' }), ...forAuditors },
  'GET /v1/api-keys/events/export': {
    request: () => ({ url: '/v1/api-keys/events/export' }),
    ...forAuditors,
  },
  'GET /v1/api-keys/usage/keys': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/usage/keys?ids=${apiKeyId}` }),
    ...forManagers('keys:read'),
  },
  'GET /v1/api-keys/{id}/usage': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}/usage` }),
    ...forManagers('keys:read', { otherWorkspace: 404 }),
  },
  'GET /v1/api-keys/{id}/routes': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}/routes` }),
    ...forManagers('keys:read', { otherWorkspace: 404 }),
  },
  'POST /v1/api-keys': {
    request: () => ({ url: '/v1/api-keys', payload: { name: 'x' } }),
    ...forManagers('keys:write', { status: 201, viewer: 403 }),
  },
  'GET /v1/api-keys/{id}': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}` }),
    ...forManagers('keys:read', { otherWorkspace: 404 }),
  },
  'PATCH /v1/api-keys/{id}': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}`, payload: { enabled: false } }),
    ...forManagers('keys:write', { viewer: 403, otherWorkspace: 404 }),
  },
  'GET /v1/api-keys/policy': {
    request: () => ({ url: '/v1/api-keys/policy' }),
    ...forManagers('keys:read'),
  },
  'PUT /v1/api-keys/policy': {
    request: () => ({ url: '/v1/api-keys/policy', payload: { expiry: null } }),
    scope: 'keys:write',
    expected: forPeople(200, {
      developer: 403,
      viewer: 403,
      'key with the scope': 403,
      'key without the scope': 403,
      'key of another workspace': 403,
    }),
  },
  'POST /v1/api-keys/{id}/rotate': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}/rotate`, payload: {} }),
    scope: 'keys:write',
    expected: {
      ...forManagers('keys:write', { viewer: 403, otherWorkspace: 404 }).expected,
      // The key may do more than that, and its new secret would be a way to it.
      'key with the scope': 403,
    },
  },
  'PATCH /v1/api-keys/{id}/retiring-secret': {
    request: ({ apiKeyId }) => ({
      url: `/v1/api-keys/${apiKeyId}/retiring-secret`,
      payload: { gracePeriodSeconds: 0 },
    }),
    ...forManagers('keys:write', { status: 409, viewer: 403, otherWorkspace: 404 }),
  },
  'DELETE /v1/api-keys/{id}': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}` }),
    ...forManagers('keys:write', { viewer: 403, otherWorkspace: 404 }),
  },
  'POST /v1/api-keys/{id}/revoke': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}/revoke`, payload: {} }),
    ...forManagers('keys:write', { viewer: 403, otherWorkspace: 404 }),
  },
  'POST /v1/api-keys/{id}/restore': {
    request: ({ apiKeyId }) => ({ url: `/v1/api-keys/${apiKeyId}/restore` }),
    ...forManagers('keys:write', { status: 409, viewer: 403, otherWorkspace: 404 }),
  },
  'POST /v1/api-keys/bulk': {
    request: ({ apiKeyId }) => ({
      url: '/v1/api-keys/bulk',
      payload: { action: 'disable', ids: [apiKeyId] },
    }),
    ...forManagers('keys:write', { viewer: 403 }),
  },
  // Whoever holds a key may end it, whatever it may do.
  'POST /v1/api-keys/self-revoke': {
    request: () => ({ url: '/v1/api-keys/self-revoke' }),
    expected: { ...forKeys(200), 'key without the scope': 200 },
  },
  'POST /v1/api-keys/verify': {
    request: () => ({ url: '/v1/api-keys/verify', payload: { secret: 'x' } }),
    expected: forKeys(200),
    scope: 'latchkey:verify',
  },
  'POST /v1/api-keys/verify/batch': {
    request: () => ({ url: '/v1/api-keys/verify/batch', payload: { requests: [{ secret: 'x' }] } }),
    expected: forKeys(200),
    scope: 'latchkey:verify',
  },
  // Only for whoever presents a second key, that of a proxy.
  'GET /v1/api-keys/authorize': {
    request: () => ({ url: '/v1/api-keys/authorize' }),
    expected: forEverybody(401),
  },
  'GET /v1/companies': {
    request: () => ({ url: '/v1/companies' }),
    expected: forKeys(200),
    scope: 'companies:read',
  },
  'GET /v1/companies/{id}': {
    request: ({ companyId }) => ({ url: `/v1/companies/${companyId}` }),
    expected: forKeys(200, 404),
    scope: 'companies:read',
  },
  'GET /v1/contacts': {
    request: () => ({ url: '/v1/contacts' }),
    expected: forKeys(200),
    scope: 'contacts:read',
  },
  'GET /v1/contacts/{id}': {
    request: ({ contactId }) => ({ url: `/v1/contacts/${contactId}` }),
    expected: forKeys(200, 404),
    scope: 'contacts:read',
  },
  'POST /v1/contacts': {
    request: () => ({ url: '/v1/contacts', payload: contact }),
    expected: forKeys(201),
    scope: 'contacts:write',
  },
  'PATCH /v1/contacts/{id}': {
    request: ({ contactId }) => ({ url: `/v1/contacts/${contactId}`, payload: contact }),
    expected: forKeys(200, 404),
    scope: 'contacts:write',
  },
  'DELETE /v1/contacts/{id}': {
    request: ({ contactId }) => ({ url: `/v1/contacts/${contactId}` }),
    expected: forKeys(204, 404),
    scope: 'contacts:write',
  },
  'GET /v1/operator/workspaces': {
    request: () => ({ url: '/v1/operator/workspaces' }),
    expected: forOperators(200),
  },
  'GET /v1/operator/workspaces/{id}': {
    request: ({ workspaceId }) => ({ url: `/v1/operator/workspaces/${workspaceId}` }),
    expected: forOperators(200),
  },
  'PUT /v1/operator/workspaces/{id}/suspension': {
    // Of nobody, since everything below would be refused.
    request: () => ({
      url: '/v1/operator/workspaces/workspace_01h455vb4pex5vsknk084sn02q/suspension',
      payload: { reason: 'x' },
    }),
    expected: forOperators(404),
  },
  'DELETE /v1/operator/workspaces/{id}/suspension': {
    request: ({ workspaceId }) => ({ url: `/v1/operator/workspaces/${workspaceId}/suspension` }),
    expected: forOperators(204),
  },
  'POST /v1/operator/keys/find': {
    request: ({ apiKeyId }) => ({
      url: '/v1/operator/keys/find',
      payload: { by: 'id', value: apiKeyId },
    }),
    expected: forOperators(200),
  },
  'GET /v1/operator/health': {
    request: () => ({ url: '/v1/operator/health' }),
    expected: forOperators(200),
  },
  'GET /v1/sessions': { request: () => ({ url: '/v1/sessions' }), expected: forPeople(200) },
  // Of nobody: one's own sessions are found, and no other.
  'DELETE /v1/sessions/{id}': {
    request: () => ({ url: '/v1/sessions/session_01h455vb4pex5vsknk084sn02q' }),
    expected: forPeople(404),
  },
  // Last, since they end what the rows above need.
  'DELETE /v1/session': { request: () => ({ url: '/v1/session' }), expected: forPeople(204) },
  'DELETE /v1/sessions': { request: () => ({ url: '/v1/sessions' }), expected: forPeople(204) },
}

const allScopes = ['contacts:read', 'contacts:write', 'companies:read']

describe('who may do what', () => {
  let api: Api
  let operations: string[]
  let people: Record<'owner' | 'admin' | 'developer' | 'viewer' | 'stranger' | 'operator', Person>
  /** They make the keys: nobody's sign-out touches their sessions. */
  let keyMaker: Person
  let foreignKeyMaker: Person
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
    const { paths } = api.server.swagger() as { paths: Record<string, Record<string, unknown>> }
    operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const owner = await api.addPerson('owner')
    people = {
      owner,
      admin: await api.addPerson('admin', owner.workspaceId),
      developer: await api.addPerson('developer', owner.workspaceId),
      viewer: await api.addPerson('viewer', owner.workspaceId),
      stranger: await api.addPerson('owner'),
      operator: await api.addPerson('owner'),
    }
    await setUser(people.operator, { role: 'operator' })
    keyMaker = await api.addPerson('owner', owner.workspaceId)
    foreignKeyMaker = await api.addPerson('owner', people.stranger.workspaceId)
  })
  afterAll(() => api.close())

  const setUser = ({ id }: Person, columns: Partial<typeof users.$inferInsert>) =>
    api.database.drizzle.update(users).set(columns).where(eq(users.id, id))

  /** What a row is about is made anew for each caller, since some rows delete it. */
  async function createWorld(): Promise<World> {
    const key = await api.addKey(keyMaker, allScopes)
    const headers = { 'x-api-key': key.secret }
    const created = await api.inject({ method: 'POST', url: '/v1/contacts', headers, payload: contact })
    const companies = await api.inject({ url: '/v1/companies?limit=1', headers })
    const invited = await api.inject({
      ...{ method: 'POST', url: '/v1/invitations', headers: { cookie: keyMaker.cookie } },
      payload: { email: 'guest@example.com', role: 'viewer' },
    })
    return {
      apiKeyId: key.id,
      contactId: created.json<{ id: string }>().id,
      companyId: companies.json<{ data: { id: string }[] }>().data[0]!.id,
      memberId: await addMember(),
      invitationId: invited.json<{ invitation: { id: string } }>().invitation.id,
      workspaceId: keyMaker.workspaceId,
      passkeyId: await addPasskey(),
    }
  }

  /** Somebody with nothing to sign in by. */
  async function addMember(): Promise<string> {
    const [id, userId] = [generateId('member'), generateId('user')]
    const { drizzle } = api.database
    await drizzle.insert(users).values({ id: userId, name: 'Bob', email: `${userId}@example.com` })
    const organizationId = keyMaker.workspaceId
    await drizzle.insert(members).values({ id, userId, organizationId, role: 'developer' })
    return id
  }

  /** The only one that there is: nobody may have many. */
  async function addPasskey(): Promise<string> {
    const id = generateId('passkey')
    await api.database.drizzle.delete(passkeys)
    const passkey = { id, userId: people.owner.id, name: 'Phone', credentialID: id, publicKey: 'x' }
    const device = { counter: 0, deviceType: 'multiDevice', backedUp: true }
    await api.database.drizzle.insert(passkeys).values({ ...passkey, ...device })
    return id
  }

  /** A key with a scope that nobody hands out but the host's own code. */
  async function addServiceKey({ workspaceId }: Person, scopes: string[]) {
    const result = await api.server.latchkey.keys.create(
      workspaceId,
      { id: 'host', name: null },
      { name: 'A service', scopes },
    )
    if (!result.ok) throw new Error(result.reason)
    return { id: result.apiKey.id, secret: result.secret }
  }

  async function headersOf(caller: Caller, scope: string | undefined): Promise<Record<string, string>> {
    const needed = scope === undefined ? [] : [scope]
    const addKey = scope === 'latchkey:verify' ? addServiceKey : api.addKey
    const byKey = ({ secret }: { secret: string }) => ({ authorization: `Bearer ${secret}` })
    const bySession = async ({ email, password }: Person) => ({ cookie: await api.signIn(email, password) })
    switch (caller) {
      case 'anonymous':
        return {}
      case 'owner':
      case 'admin':
      case 'developer':
      case 'viewer':
        return bySession(people[caller])
      case 'owner of another workspace':
        return bySession(people.stranger)
      case 'operator': {
        // Whoever has a second factor signs in by two steps, which is not what this is about.
        await setUser(people.operator, { twoFactorEnabled: false })
        const headers = await bySession(people.operator)
        await setUser(people.operator, { twoFactorEnabled: true })
        return headers
      }
      case 'key with the scope':
        return byKey(await addKey(keyMaker, needed))
      case 'key without the scope':
        return byKey(
          await api.addKey(
            keyMaker,
            allScopes.filter((name) => name !== scope),
          ),
        )
      case 'key of another workspace':
        return byKey(await addKey(foreignKeyMaker, needed))
      case 'revoked key': {
        const key = await addKey(keyMaker, needed)
        const headers = { cookie: keyMaker.cookie }
        await api.inject({ method: 'DELETE', url: `/v1/api-keys/${key.id}`, headers })
        return byKey(key)
      }
    }
  }

  it('is decided here for every operation of the document, and for nothing else', () => {
    expect(Object.keys(matrix).sort()).toEqual([...operations].sort())
  })

  describe.each(Object.entries(matrix))('%s', (operation, { request, expected, scope }) => {
    it.each(callers)('%s', async (caller) => {
      const world = await createWorld()
      const headers = await headersOf(caller, scope)
      const method = operation.split(' ', 1)[0] as 'GET'
      const response = await api.inject({ method, headers, ...request(world) })
      const { [caller]: status = expected['owner of another workspace'] } = expected
      expect(response.statusCode, response.body).toBe(status)
      if (response.statusCode < 400) return
      expect(response.headers['content-type']).toContain('application/problem+json')
      expect(response.json()).toMatchObject({ status: response.statusCode })
      if (response.statusCode === 401) expect(response.headers['www-authenticate']).toBeTruthy()
    })
  })
})
