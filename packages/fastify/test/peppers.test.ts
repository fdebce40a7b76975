import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { bearer, callAs, createApp, createKey, KEYS, registerLatchkey } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'

describeOnEachDatabase('peppers', (database) => {
  const apps: FastifyInstance[] = []
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
  })

  it('are an option of which no reply tells anything', async () => {
    const pepper = randomBytes(32).toString('base64')
    const peppers = { current: 'p1', keys: { p1: pepper } }
    const { app } = await createApp(database(), { peppers })
    apps.push(app)
    const { secret, id } = await createKey(app, 'acme')
    expect((await app.inject({ url: '/any', headers: bearer(secret) })).statusCode).toBe(200)
    for (const url of [KEYS, `${KEYS}/${id}`]) {
      const { statusCode, body } = await callAs(app, 'acme', { url })
      expect(statusCode).toBe(200)
      expect(body).not.toMatch(/pepper|"p1"/)
    }
    expect((await app.latchkey.peppers!.status()).counts).toMatchObject([
      { pepper: null },
      { pepper: 'p1', keys: 1 },
    ])
  })

  it('stop the app at start when they cannot work, in words that tell none', async () => {
    for (const pepper of ['changeme'.repeat(8), 'Xq3vT7']) {
      const app = Fastify({ pluginTimeout: 60_000 })
      apps.push(app)
      const peppers = { current: 'p1', keys: { p1: pepper } }
      const error = await registerLatchkey(app, database(), { peppers }).catch((reason: Error) => reason)
      expect((error as Error).message).toContain('peppers.keys.p1')
      expect((error as Error).message).not.toContain(pepper.slice(0, 5))
    }
  })
})
