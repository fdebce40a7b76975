import { openDatabase } from '@latchkey/engine'
import { createFaultProxy, freshDatabase, type FaultProxy, type FreshDatabase } from '@latchkey/testing'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  bearer,
  callAs,
  createApp,
  type captureLog,
  createKey,
  createServiceKey,
  KEYS,
  signedIn,
} from './support/app.ts'
import { hostKinds } from './support/hosts.ts'
import { expectProblem } from './support/problem.ts'

/** What would give away statements, parameters or the database itself. */
const LEAKS =
  /\bselect\b|\binsert into\b|\bupdate\b .*\bset\b|latchkey"?\."?(?:keys|last_used|idempotency)|"params|failed query|postgres:\/\/|127\.0\.0\.1:/i
const OWNER = 'owner-that-must-not-leak'
const NAME = 'name-that-must-not-leak'

/** Every call that needs the database, with parameters that would be seen if they leaked. */
const CALLS = [
  { method: 'POST', url: KEYS, payload: { name: NAME, metadata: { note: NAME } } },
  {
    method: 'POST',
    url: KEYS,
    payload: { name: NAME },
    headers: { 'idempotency-key': 'idem-that-must-not-leak' },
  },
  { method: 'GET', url: `${KEYS}?q=${NAME}` },
  { method: 'GET', url: `${KEYS}/key_01h455vb4pex5vsknk084sn02q` },
  { method: 'PATCH', url: `${KEYS}/key_01h455vb4pex5vsknk084sn02q`, payload: { name: NAME } },
  { method: 'DELETE', url: `${KEYS}/key_01h455vb4pex5vsknk084sn02q` },
] as const

function expectUnavailable(reply: LightMyRequestResponse) {
  expectProblem(reply, 'unavailable')
  expect(reply.headers['retry-after']).toBe('1')
  expect(reply.body).not.toMatch(LEAKS)
  expect(reply.body).not.toContain('must-not-leak')
}

/** The host logs addresses itself, with what is in them; that is its own affair. */
function expectCleanLog(log: ReturnType<typeof captureLog>, secret: string) {
  const own = log.entries().filter(({ req }) => req === undefined)
  expect(own.some(({ failure }) => failure !== undefined)).toBe(true)
  const text = own.map((entry) => JSON.stringify(entry)).join('\n')
  expect(text).not.toMatch(LEAKS)
  expect(text).not.toContain('must-not-leak')
  expect(log.text()).not.toContain(secret.slice(12))
}

describe('when the embedded database is closed underneath', () => {
  it('answers 503 to everything that needs it, and tells nothing', async () => {
    const database = await openDatabase('memory:')
    const { app, log, runs } = await createApp(database)
    const { secret } = await createKey(app, OWNER)
    await database.close()
    for (const call of CALLS) expectUnavailable(await callAs(app, OWNER, { ...call }))
    expectUnavailable(await app.inject({ url: '/any', headers: bearer(secret) }))
    expect(runs()).toBe(0)
    expectCleanLog(log, secret)
    await app.close()
  })

  it('answers 503 to services and proxies about keys it does not have in memory, and never a wrong no', async () => {
    const database = await openDatabase('memory:')
    const { app, log } = await createApp(database)
    const service = await createServiceKey(app)
    const seen = await createKey(app, OWNER)
    const { secret } = await createKey(app, OWNER)
    const proxied = (of: string) => ({ ...bearer(of), 'x-latchkey-key': service })
    const authorize = (of: string) => app.inject({ url: `${KEYS}/authorize`, headers: proxied(of) })
    const verify = (path: string, payload: object) =>
      app.inject({ method: 'POST', url: `${KEYS}/verify${path}`, payload, headers: bearer(service) })
    expect((await authorize(seen.secret)).statusCode).toBe(200)

    await database.close()
    expectUnavailable(await authorize(secret))
    expectUnavailable(await verify('', { secret }))
    expectUnavailable(await verify('/batch', { requests: [{ secret: seen.secret }, { secret }, {}] }))
    expect((await verify('', { secret: 'nonsense' })).json()).toMatchObject({ code: 'invalid_key' })
    expectUnavailable(await app.inject({ url: `${KEYS}/authorize`, headers: { 'x-latchkey-key': secret } }))
    expectCleanLog(log, secret)
    await app.close()
  })

  it("tells nothing through a host's own error handler either, however careless", async () => {
    const careless = hostKinds.find(({ name }) => name.includes('error and not-found handlers'))!
    const database = await openDatabase('memory:')
    const { app, log } = await careless.start(database)
    const { secret } = await createKey(app, OWNER)
    await database.close()
    const reply = await app.inject({ url: '/any', headers: bearer(secret) })
    expect(reply.statusCode).toBe(503)
    expect(reply.headers['retry-after']).toBe('1')
    expect(reply.body).toContain('oops')
    expect(reply.body).not.toMatch(LEAKS)
    expect(reply.body).not.toContain(secret.slice(12))
    expectCleanLog(log, secret)
    await app.close()
  })
})

describe('when the Postgres server is away', () => {
  let fresh: FreshDatabase
  let proxy: FaultProxy
  let app: FastifyInstance
  let log: ReturnType<typeof captureLog>
  beforeEach(async () => {
    fresh = await freshDatabase()
    proxy = await createFaultProxy(fresh.url)
    ;({ app, log } = await createApp(proxy.url))
  })
  afterEach(async () => {
    await proxy.restore()
    await app.close()
    await proxy.close()
    await fresh.drop()
  })

  it.each(['cut', 'blackhole'] as const)(
    '(%s) answers 503 within seconds, and 200 again afterwards',
    async (fault) => {
      const { secret } = await createKey(app, OWNER, { scopes: ['contacts:read'] })
      await proxy[fault]()
      const started = Date.now()
      const replies = await Promise.all([
        ...CALLS.map((call) => callAs(app, OWNER, { ...call })),
        app.inject({ url: '/contacts', headers: bearer(secret) }),
      ])
      expect(Date.now() - started).toBeLessThan(10_000)
      for (const reply of replies) expectUnavailable(reply)
      expectProblem(
        await app.inject({ url: '/contacts', headers: bearer('lk_live_nonsense') }),
        'invalid_key',
      )
      expect((await app.inject({ url: `${KEYS}/scopes`, headers: signedIn(OWNER) })).statusCode).toBe(200)
      expectCleanLog(log, secret)

      await proxy.restore()
      const works = async () => (await app.inject({ url: '/contacts', headers: bearer(secret) })).statusCode
      await expect.poll(works, { timeout: 20_000 }).toBe(200)
    },
  )

  it('keeps answering for keys it has just seen', async () => {
    const { secret } = await createKey(app, OWNER)
    // A node that listens only now has no news of the key to come, so nothing makes it forget.
    const node = await createApp(proxy.url)
    const call = () => node.app.inject({ url: '/any', headers: bearer(secret) })
    expect((await call()).statusCode).toBe(200)
    proxy.blackhole()
    expect((await call()).statusCode).toBe(200)
    await proxy.restore()
    await node.app.close()
  })
})
