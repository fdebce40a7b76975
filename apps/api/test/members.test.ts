import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { members } from '../src/account/tables.ts'
import { cookieOf, databases, startApi, type Api, type Person } from './api.ts'

interface Member {
  id: string
  userId: string
  email: string
  role: string
}

describe.each(databases)('the members of a workspace, on $name', ({ create }) => {
  let api: Api
  let owner: Person
  beforeAll(async () => {
    api = await startApi(create)
  })
  beforeEach(async () => {
    owner = await api.addPerson('owner')
  })
  afterAll(() => api.close())

  const join = (role: 'owner' | 'admin' | 'developer' | 'viewer') => api.addPerson(role, owner.workspaceId)
  const list = async ({ cookie }: Person) =>
    (await api.inject({ url: '/v1/members', headers: { cookie } })).json<{ data: Member[] }>().data
  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode

  async function memberId({ id, workspaceId }: Person): Promise<string> {
    const theirs = and(eq(members.userId, id), eq(members.organizationId, workspaceId))
    const [row] = await api.database.drizzle.select().from(members).where(theirs)
    return row!.id
  }
  const change = async (by: Person, whom: Person, role: string) =>
    api.inject({
      method: 'PATCH',
      url: `/v1/members/${await memberId(whom)}`,
      headers: { cookie: by.cookie },
      payload: { role },
    })
  const remove = async (by: Person, whom: Person) =>
    api.inject({
      method: 'DELETE',
      url: `/v1/members/${await memberId(whom)}`,
      headers: { cookie: by.cookie },
    })
  const code = (response: { json(): unknown }) => (response.json() as { code: string }).code

  it('are listed, the first to come first, and those of no other workspace', async () => {
    const viewer = await join('viewer')
    await api.addPerson('owner')
    expect(await list(viewer)).toMatchObject([
      { userId: owner.id, email: owner.email, role: 'owner' },
      { userId: viewer.id, email: viewer.email, role: 'viewer' },
    ])
  })

  it('get another role from an owner or an admin, at once', async () => {
    const [admin, developer] = [await join('admin'), await join('developer')]
    expect((await change(owner, developer, 'viewer')).json()).toMatchObject({ role: 'viewer' })
    expect((await change(admin, developer, 'admin')).statusCode).toBe(200)
    expect((await list(owner)).map(({ role }) => role)).toEqual(['owner', 'admin', 'admin'])
  })

  it('have to sign in anew when they were given another role, and nobody else has', async () => {
    const [admin, developer] = [await join('admin'), await join('developer')]
    await change(admin, developer, 'developer')
    expect(await status(developer.cookie)).toBe(200)
    await change(admin, developer, 'viewer')
    expect([await status(developer.cookie), await status(admin.cookie)]).toEqual([401, 200])
    expect(await api.signIn(developer.email, developer.password)).toBeTruthy()
  })

  it('get a new cookie when they make themselves less; the old one is dead', async () => {
    const admin = await join('admin')
    const response = await change(admin, admin, 'developer')
    expect(response.statusCode, response.body).toBe(200)
    const renewed = cookieOf(response)!
    expect([await status(admin.cookie), await status(renewed)]).toEqual([401, 200])
    const created = await api.inject({
      ...{ method: 'POST', url: '/v1/invitations', headers: { cookie: renewed } },
      payload: { email: 'x@example.com', role: 'viewer' },
    })
    expect(created.statusCode).toBe(403)
  })

  it('are made owners by owners alone, and owners are changed and removed by owners alone', async () => {
    const [admin, developer, second] = [await join('admin'), await join('developer'), await join('owner')]
    for (const response of [
      await change(admin, admin, 'owner'),
      await change(admin, developer, 'owner'),
      await change(admin, second, 'viewer'),
      await remove(admin, second),
    ]) {
      expect([response.statusCode, code(response)]).toEqual([403, 'forbidden'])
    }
    expect((await change(owner, developer, 'owner')).statusCode).toBe(200)
    expect((await remove(owner, second)).statusCode).toBe(204)
  })

  it('are changed and removed by no developer and no viewer', async () => {
    const [developer, viewer] = [await join('developer'), await join('viewer')]
    for (const response of [
      await change(developer, viewer, 'developer'),
      await change(viewer, viewer, 'admin'),
      await change(developer, developer, 'admin'),
      await remove(developer, viewer),
      await remove(viewer, owner),
    ]) {
      expect(response.statusCode).toBe(403)
    }
    expect((await list(owner)).map(({ role }) => role)).toEqual(['owner', 'developer', 'viewer'])
  })

  it('always have an owner among them', async () => {
    await join('admin')
    for (const response of [await change(owner, owner, 'admin'), await remove(owner, owner)])
      expect([response.statusCode, code(response)]).toEqual([409, 'last_owner'])
    expect(await status(owner.cookie)).toBe(200)
  })

  it('have an owner even when the last two make each other less at the same moment', async () => {
    const [second, viewer] = [await join('owner'), await join('viewer')]
    const replies = await Promise.all([change(owner, owner, 'admin'), change(second, second, 'admin')])
    expect(replies.map((reply) => reply.statusCode).sort()).toEqual([200, 409])
    expect((await list(viewer)).filter(({ role }) => role === 'owner')).toHaveLength(1)
  })

  it('lose their sessions with their place, and their keys stay with the workspace', async () => {
    const developer = await join('developer')
    const key = await api.addKey(developer, ['contacts:read'])
    expect((await remove(owner, developer)).statusCode).toBe(204)
    expect(await status(developer.cookie)).toBe(401)
    const headers = { 'x-api-key': key.secret }
    expect((await api.inject({ url: '/v1/contacts', headers })).statusCode).toBe(200)
    const payload = { email: developer.email, password: developer.password }
    expect(code(await api.inject({ method: 'POST', url: '/v1/session', payload }))).toBe('no_workspace')
  })

  it('may leave, whatever their role, and the browser forgets the cookie', async () => {
    const viewer = await join('viewer')
    const response = await remove(viewer, viewer)
    expect(response.statusCode).toBe(204)
    expect(response.headers['set-cookie']).toMatch(/Max-Age=0/)
    expect(await list(owner)).toHaveLength(1)
  })

  it('of another workspace are not found', async () => {
    const stranger = await api.addPerson('owner')
    expect((await change(owner, stranger, 'viewer')).statusCode).toBe(404)
    expect((await remove(owner, stranger)).statusCode).toBe(404)
    expect(await status(stranger.cookie)).toBe(200)
  })

  it.each(['emperor', 'member', 'owner,admin', ''])('never get the role %j', async (role) => {
    const developer = await join('developer')
    expect((await change(owner, developer, role)).statusCode).toBe(400)
  })
})
