import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, createApp, createKey, createServiceKey, KEYS, signedIn } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

const reason = 'The bill is not paid.'

describeOnEachDatabase('a suspended owner', (database) => {
  let host: Awaited<ReturnType<typeof createApp>>
  beforeAll(async () => {
    host = await createApp(database(), { rejections: 'uniform' })
  })
  afterAll(() => host.app.close())

  it('has its keys refused with 403, and is told why when it wants to change something', async () => {
    const { app } = host
    const owner = 'suspended'
    const { id, secret } = await createKey(app, owner, { scopes: ['contacts:read', 'keys:read'] })
    const service = bearer(await createServiceKey(app))
    const call = (url: string, headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') =>
      app.inject({ method, url, headers, ...(method === 'POST' && { payload: {} }) })
    expect((await call('/contacts', bearer(secret))).statusCode).toBe(200)

    const suspended = await app.latchkey.owners.suspend(owner, reason)
    expect(suspended.ok).toBe(true)
    // Who holds a key that could be used is told, even where every 401 is the same.
    expectProblem(await call('/contacts', bearer(secret)), 'owner_suspended')
    expectProblem(await call(KEYS, bearer(secret)), 'owner_suspended')
    const verify = { method: 'POST', url: `${KEYS}/verify`, headers: service, payload: { secret } } as const
    expect((await app.inject(verify)).json()).toMatchObject({ valid: false, code: 'owner_suspended' })

    const person = signedIn(owner)
    const refused = expectProblem(await call(`${KEYS}/${id}/rotate`, person, 'POST'), 'owner_suspended')
    expect(refused.detail).toContain(reason)
    expect((await call(`${KEYS}/${id}`, person)).statusCode).toBe(200)
    expectProblem(await call(`${KEYS}/${id}/rotate`, signedIn(owner, 'viewer'), 'POST'), 'forbidden')

    await app.latchkey.owners.liftSuspension(owner)
    expect((await call('/contacts', bearer(secret))).statusCode).toBe(200)
    expect((await call(`${KEYS}/${id}/rotate`, person, 'POST')).statusCode).toBe(200)
  })
})
