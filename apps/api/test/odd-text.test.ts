import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { users } from '../src/account/tables.ts'
import { databases, dumpTables, startApi, type Api, type Person } from './api.ts'
import { createAuthenticator } from './authenticator.ts'

interface Schema {
  type?: string | string[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
}
interface Operation {
  parameters?: { in: string; name: string; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type Values = Record<string, unknown>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What Postgres cannot hold, as it stands in JSON, and in an address where that can hold it. */
const oddities = [
  ['U+0000', 'a\u0000', 'a%00'],
  ['half of a character', 'a\ud800', null],
] as const

const strange = 'contact_01h455vb4pex5vsknk084sn02q'
const contact = { name: 'x', email: 'x@example.com', phone: '1', jobTitle: 'x', companyId: 'company_x' }
const password = 'seven tidy otters'

/** Bodies that each route takes, though they change nothing: the odd text has to be refused for its own sake. */
const bodies: Record<string, Values> = {
  'POST /v1/setup': { token: 'x', name: 'x', email: 'x@example.com', password, workspaceName: 'x' },
  'POST /v1/session': { email: 'x@example.com', password },
  'POST /v1/password': { currentPassword: 'not my password', newPassword: password },
  'PUT /v1/session/workspace': { workspaceId: 'x' },
  'POST /v1/session/second-factor': { code: 'x', method: 'app' },
  'POST /v1/second-factor': { password: 'not my password' },
  'POST /v1/second-factor/confirm': { code: '000000' },
  'POST /v1/second-factor/recovery-codes': { password: 'not my password' },
  'POST /v1/second-factor/remove': { password: 'not my password' },
  'POST /v1/openid/sign-in': { invitation: 'x' },
  'POST /v1/openid/callback': { state: 'x', code: 'x', error: 'x', iss: 'x' },
  'POST /v1/session/authentication/password': { password: 'not my password' },
  'POST /v1/passkeys': { name: 'x', credential: createAuthenticator().create({ challenge: 'x' }) },
  'PATCH /v1/passkeys/{id}': { name: 'x' },
  'PATCH /v1/members/{id}': { role: 'viewer' },
  'POST /v1/invitations': { email: 'x@example.com', role: 'viewer' },
  'POST /v1/invitation/read': { token: 'x' },
  'POST /v1/invitation/accept': { token: 'x', name: 'x', password },
  'POST /v1/invitation/join': { token: 'x' },
  'PUT /v1/operator/workspaces/{id}/suspension': { reason: 'x' },
  'POST /v1/operator/keys/find': { by: 'start', value: 'x' },
  'POST /v1/contacts': contact,
  'PATCH /v1/contacts/{id}': contact,
}

describe.each(databases)('text that Postgres cannot hold, on $name', ({ create }) => {
  let api: Api
  let ada: Person
  let key: string
  let operations: [string, Operation][]
  beforeAll(async () => {
    api = await startApi(create)
    ada = await api.addPerson()
    const operator = { role: 'operator', twoFactorEnabled: true }
    await api.database.drizzle.update(users).set(operator).where(eq(users.id, ada.id))
    key = (await api.addKey(ada, ['contacts:read', 'contacts:write', 'companies:read'])).secret
    const { paths } = api.server.swagger() as unknown as { paths: Record<string, Record<string, Operation>> }
    operations = Object.entries(paths)
      .filter(([path]) => !path.startsWith('/v1/api-keys'))
      .flatMap(([path, item]) =>
        Object.entries(item).map(([method, operation]): [string, Operation] => [
          `${method.toUpperCase()} ${path}`,
          operation,
        ]),
      )
  })
  afterAll(() => api.close())

  /** Sends it where it is asked for, with whatever that route wants to see of the caller. */
  function send(name: string, query: string, id: string, payload?: Values) {
    const [method, path] = name.split(' ') as [Method, string]
    const headers = /contacts|companies/.test(path)
      ? { authorization: `Bearer ${key}` }
      : { cookie: ada.cookie }
    return api.inject({ method, url: path.replace('{id}', id) + query, headers, ...(payload && { payload }) })
  }

  const stored = async () =>
    (await dumpTables(api.database)).filter((row) => /^(account|crm)\./.test(row)).sort()

  it.each(oddities)(
    '%s is wrong input wherever text is taken, and changes nothing',
    async (_, text, encoded) => {
      const before = await stored()
      const alreadyLogged = api.log.length
      const asked: string[] = []
      const expectRefusal = async (what: string, reply: ReturnType<typeof send>) => {
        const { statusCode, body } = await reply
        expect([400, 401, 403, 404, 409], `${what}: ${body}`).toContain(statusCode)
        asked.push(what)
      }
      for (const [name, { parameters = [], requestBody }] of operations) {
        for (const { in: place, name: field, schema } of parameters) {
          if (encoded === null || !takesText(schema)) continue
          const [query, id] = place === 'path' ? ['', encoded] : [`?${field}=${encoded}`, strange]
          await expectRefusal(`${name} ${field}`, send(name, query, id, bodies[name]))
        }
        const fields = requestBody?.content['application/json']!.schema.properties ?? {}
        for (const [field, schema] of Object.entries(fields)) {
          if (!takesText(schema)) continue
          const body = bodies[name]
          expect(body, `${name} has a body to try`).toHaveProperty(field)
          await expectRefusal(`${name} ${field}`, send(name, '', strange, { ...body, [field]: text }))
        }
      }
      expect(asked).toContain('POST /v1/session email')
      const logged = api.log.slice(alreadyLogged).map((line) => JSON.parse(line) as { level: number })
      expect(logged.filter(({ level }) => level >= 50)).toEqual([])
      expect(await stored()).toEqual(before)
    },
  )
})

function takesText({ type, anyOf = [] }: Schema): boolean {
  return [type].flat().includes('string') || anyOf.some(takesText)
}
