import { describe, expect, expectTypeOf, it } from 'vitest'
import { createClient, type Problem, type Session } from '../src/index.ts'

const session: Session = {
  user: { id: 'user_1', name: 'Ada Lovelace', email: 'ada@example.com' },
  workspace: { id: 'workspace_1', name: 'Analytical Engines' },
  otherWorkspaces: [],
  role: 'owner',
  suspension: null,
  operator: false,
  expiresAt: '2026-11-22T10:30:00.000Z',
}

describe('the client, signing people in', () => {
  const sent: Request[] = []
  const client = createClient({
    baseUrl: 'http://api.example.com',
    fetch: async (request) => {
      sent.push(request)
      return Response.json(session, { headers: { 'set-cookie': '__Host-latchkey_session=x' } })
    },
  })

  it('sends what the document asks for and types what it answers', async () => {
    const body = { email: 'ada@example.com', password: 'seven tidy otters' }
    const { data, error, response } = await client.POST('/v1/session', { body })
    expectTypeOf(data).toEqualTypeOf<Session | undefined>()
    expectTypeOf(error).toEqualTypeOf<Problem | undefined>()
    expect(data).toEqual(session)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    const [request] = sent
    expect([request!.method, request!.url]).toEqual(['POST', 'http://api.example.com/v1/session'])
    expect(await request!.json()).toEqual(body)
  })
})
