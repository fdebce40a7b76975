import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { cookieOf, databases, dumpTables, findAny, startApi, type Api, type Person } from './api.ts'

const day = 24 * 3_600_000

interface Created {
  invitation: { id: string; email: string; role: string; expiresAt: string }
  token: string
}

describe.each(databases)('an invitation, on $name', ({ create }) => {
  let api: Api
  let owner: Person
  let guests = 0
  const guest = () => `guest${++guests}@example.com`
  const password = 'four purple paper boats'
  beforeAll(async () => {
    api = await startApi(create)
    api.credentials.add(password)
  })
  beforeEach(async () => {
    owner = await api.addPerson('owner')
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  const invite = (by: Person, email: string, role = 'developer') =>
    api.inject({
      method: 'POST',
      url: '/v1/invitations',
      headers: { cookie: by.cookie },
      payload: { email, role },
    })
  async function made(email: string, role = 'developer'): Promise<Created> {
    const response = await invite(owner, email, role)
    expect(response.statusCode, response.body).toBe(201)
    const created = response.json<Created>()
    api.credentials.add(created.token)
    return created
  }
  const read = (token: string) =>
    api.inject({ method: 'POST', url: '/v1/invitation/read', payload: { token } })
  const accept = (token: string, change: object = {}) =>
    api.inject({
      method: 'POST',
      url: '/v1/invitation/accept',
      payload: { token, name: ' Grace Hopper ', password, ...change },
    })
  const join = (cookie: string, token: string) =>
    api.inject({ method: 'POST', url: '/v1/invitation/join', headers: { cookie }, payload: { token } })
  const session = (cookie: string) => api.inject({ url: '/v1/session', headers: { cookie } })
  const open = async ({ cookie }: Person) =>
    (await api.inject({ url: '/v1/invitations', headers: { cookie } })).json<{ data: object[] }>().data
  const code = (response: { json(): unknown }) => (response.json() as { code: string }).code

  it('is listed with who made it, and shows its token once', async () => {
    const email = guest()
    const { invitation, token } = await made(email.toUpperCase(), 'viewer')
    expect(invitation).toMatchObject({ email, role: 'viewer' })
    expect(Date.parse(invitation.expiresAt) - Date.now()).toBeGreaterThan(7 * day - 60_000)
    const listed = await open(owner)
    expect(listed).toMatchObject([{ id: invitation.id, email, invitedBy: 'A owner' }])
    expect(JSON.stringify(listed)).not.toContain(token)
    expect(findAny([token], await dumpTables(api.database))).toEqual([])
  })

  it('makes an account for its address, in its workspace, with its role, and signs it in', async () => {
    const email = guest()
    const { token } = await made(email)
    expect((await read(token)).json()).toMatchObject({ email, role: 'developer', hasAccount: false })
    const response = await accept(token)
    expect(response.statusCode, response.body).toBe(201)
    expect(response.json()).toMatchObject({
      user: { name: 'Grace Hopper', email },
      workspace: { id: owner.workspaceId },
      role: 'developer',
    })
    expect((await session(cookieOf(response)!)).json()).toEqual(response.json())
    expect(await open(owner)).toEqual([])
  })

  it('works once', async () => {
    const { token } = await made(guest())
    const replies = await Promise.all([accept(token), accept(token), accept(token)])
    const statuses = replies.map((reply) => reply.statusCode).sort()
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.every((status) => [201, 403, 409].includes(status))).toBe(true)
    const again = await accept(token)
    expect([again.statusCode, code(again)]).toEqual([403, 'invalid_invitation'])
  })

  it('takes an existing person into a second workspace, where their session is from then on', async () => {
    const bob = await api.addPerson('owner')
    const { token } = await made(bob.email, 'viewer')
    expect((await read(token)).json()).toMatchObject({ hasAccount: true })
    expect(code(await accept(token))).toBe('account_exists')
    const joined = await join(bob.cookie, token)
    expect(joined.json()).toMatchObject({ workspace: { id: owner.workspaceId }, role: 'viewer' })
    const renewed = cookieOf(joined)!
    expect((await session(bob.cookie)).statusCode).toBe(401)
    expect(code(await join(renewed, token))).toBe('invalid_invitation')

    const headers = { cookie: renewed }
    expect(joined.json()).toMatchObject({ otherWorkspaces: [{ id: bob.workspaceId }] })
    const payload = { workspaceId: bob.workspaceId }
    const back = await api.inject({ method: 'PUT', url: '/v1/session/workspace', headers, payload })
    expect(back.json()).toMatchObject({ workspace: { id: bob.workspaceId }, role: 'owner' })
    expect((await session(renewed)).statusCode).toBe(401)
  })

  it('is for nobody but its address', async () => {
    const [bob, eve] = [await api.addPerson('owner'), await api.addPerson('owner')]
    const { token } = await made(bob.email)
    const response = await join(eve.cookie, token)
    expect([response.statusCode, code(response)]).toEqual([403, 'other_recipient'])
    expect((await session(eve.cookie)).json()).toMatchObject({ workspace: { id: eve.workspaceId } })
    expect((await join(bob.cookie, token)).statusCode).toBe(200)
  })

  it('is not made for a member', async () => {
    const viewer = await api.addPerson('viewer', owner.workspaceId)
    const response = await invite(owner, viewer.email)
    expect([response.statusCode, code(response)]).toEqual([409, 'already_member'])
  })

  it('ends after a week', async () => {
    const { token } = await made(guest())
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7 * day - 60_000 })
    expect((await read(token)).statusCode).toBe(200)
    vi.setSystemTime(Date.now() + 120_000)
    for (const response of [await read(token), await accept(token)])
      expect([response.statusCode, code(response)]).toEqual([403, 'invalid_invitation'])
  })

  it('ends when it is revoked, and when another is made for the same address', async () => {
    const email = guest()
    const first = await made(email)
    const second = await made(email, 'viewer')
    expect(code(await read(first.token))).toBe('invalid_invitation')
    expect(await open(owner)).toHaveLength(1)
    const url = `/v1/invitations/${second.invitation.id}`
    const revoke = () => api.inject({ method: 'DELETE', url, headers: { cookie: owner.cookie } })
    expect((await revoke()).statusCode).toBe(204)
    expect((await revoke()).statusCode).toBe(404)
    expect(code(await accept(second.token))).toBe('invalid_invitation')
  })

  it('ends when its maker may no longer invite', async () => {
    const admin = await api.addPerson('admin', owner.workspaceId)
    const created = (await invite(admin, guest(), 'admin')).json<Created>()
    api.credentials.add(created.token)
    const { data } = (await api.inject({ url: '/v1/members', headers: { cookie: owner.cookie } })).json<{
      data: { id: string; userId: string }[]
    }>()
    const { id } = data.find(({ userId }) => userId === admin.id)!
    const headers = { cookie: owner.cookie }
    await api.inject({ method: 'PATCH', url: `/v1/members/${id}`, headers, payload: { role: 'developer' } })
    expect(code(await accept(created.token))).toBe('invalid_invitation')
  })

  it('makes an owner only when an owner invited', async () => {
    const admin = await api.addPerson('admin', owner.workspaceId)
    expect((await invite(admin, guest(), 'owner')).statusCode).toBe(403)
    expect((await invite(admin, guest(), 'admin')).statusCode).toBe(201)
    const { token } = await made(guest(), 'owner')
    expect((await accept(token)).json()).toMatchObject({ role: 'owner' })
  })

  it.each([
    ['password', { password: 'fourteen chars' }],
    ['password', { password: 'passwordpassword' }],
    ['name', { name: ' ' }],
    ['role', { role: 'owner' }],
    ['email', { email: 'eve@example.com' }],
  ])('names the field %s of %j, and still works', async (field, change) => {
    const { token } = await made(guest())
    const response = await accept(token, change)
    expect(response.statusCode).toBe(400)
    const { errors } = response.json<{ errors: { field: string }[] }>()
    expect(errors.map((error) => error.field)).toContain(field)
    expect((await accept(token)).statusCode).toBe(201)
  })

  it('is guessed by nobody: 21 tries of an address in a minute are one too many', async () => {
    const statuses: number[] = []
    for (let round = 0; round < 21; round += 1) {
      const payload = { token: `guess ${round}` }
      const remoteAddress = '192.0.2.77'
      const response = await api.inject({
        ...{ method: 'POST', url: '/v1/invitation/read', payload, remoteAddress },
      })
      statuses.push(response.statusCode)
    }
    expect(statuses).toEqual([...Array<number>(20).fill(403), 429])
  })
})
