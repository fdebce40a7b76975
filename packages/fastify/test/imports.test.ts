import { hash } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { bearer, callAs, createApp, KEYS, registerLatchkey } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'

const actor = { id: 'import', name: null }

describeOnEachDatabase('keys of another system', (database) => {
  const apps: FastifyInstance[] = []
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
  })

  it('open routes in either header, are listed, and are rejected once they were deleted', async () => {
    const { app } = await createApp(database(), { imports: { formats: ['sanctum', 'sha256'] } })
    apps.push(app)
    const texts = ['12|a-token-of-laravel-sanctum', 'sk_of_a_system_of_our_own']
    const counts = await app.latchkey.imports.run(actor, [
      {
        owner: 'acme',
        name: 'Sanctum',
        format: 'sanctum',
        start: '12',
        hash: hash('sha256', texts[0]!.slice(3), 'hex'),
        scopes: ['contacts:read'],
      },
      { owner: 'acme', name: 'Own', format: 'sha256', hash: hash('sha256', texts[1]!, 'hex') },
    ])
    expect(counts).toMatchObject({ failed: 0 })
    for (const secret of texts) {
      for (const headers of [bearer(secret), { 'x-api-key': secret }]) {
        expect((await app.inject({ url: '/any', headers })).json()).toMatchObject({ owner: 'acme' })
      }
    }
    expect((await app.inject({ url: '/contacts', headers: bearer(texts[0]!) })).statusCode).toBe(200)
    expect((await app.inject({ url: '/contacts', headers: bearer(texts[1]!) })).statusCode).toBe(403)

    const list = await callAs(app, 'acme', { url: KEYS })
    const { data } = list.json<{ data: { id: string; name: string; start: string }[] }>()
    const sanctum = data.find(({ name }) => name === 'Sanctum')!
    expect(sanctum.start).toBe('12')
    expect((await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${sanctum.id}` })).statusCode).toBe(
      200,
    )
    expect((await app.inject({ url: '/any', headers: bearer(texts[0]!) })).json()).toMatchObject({
      code: 'key_revoked',
    })
  })

  it('are unknown in the same words whether they could be keys or not', async () => {
    const { app } = await createApp(
      database(),
      { imports: { formats: ['sanctum'] } },
      { genReqId: () => 'the same' },
    )
    apps.push(app)
    const replies = []
    for (const secret of ['12|no-token-of-laravel-sanctum', 'no-separator-at-all', 'x']) {
      const { statusCode, body, headers } = await app.inject({ url: '/any', headers: bearer(secret) })
      replies.push({ statusCode, body, challenge: headers['www-authenticate'] })
    }
    expect(replies[0]!.statusCode).toBe(401)
    expect(replies[1]).toEqual(replies[0])
    expect(replies[2]).toEqual(replies[0])
  })

  it('stop the app at start when the option cannot work', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    apps.push(app)
    await expect(registerLatchkey(app, database(), { imports: { formats: ['bcrypt'] } })).rejects.toThrow(
      'imports.startLength',
    )
  })
})
