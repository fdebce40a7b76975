import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSecret, MAX_WRONG_SECRETS_PER_MINUTE } from '@latchkey/engine'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LatchkeyPluginOptions } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

const ALLOWED = MAX_WRONG_SECRETS_PER_MINUTE
const ATTACKER = '198.51.100.7'

describeOnEachDatabase('wrong keys, one after the other', (database) => {
  const apps: FastifyInstance[] = []
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
    vi.useRealTimers()
  })

  async function start(options: Partial<LatchkeyPluginOptions> = {}, server: FastifyServerOptions = {}) {
    const { app, log } = await createApp(database(), options, server)
    apps.push(app)
    const call = (secret: string, remoteAddress = ATTACKER, headers: Record<string, string> = {}) =>
      app.inject({ url: '/any', headers: { ...bearer(secret), ...headers }, remoteAddress })
    return { app, log, call }
  }

  /** Well formed, so that only the database can tell. */
  const madeUp = () => generateSecret({ prefix: 'lk', environment: 'live' })

  /** Presents made-up keys and tells how often each status came back. */
  async function present(count: number, call: (secret: string) => Promise<{ statusCode: number }>) {
    const seen: Record<number, number> = {}
    for (let i = 0; i < count; i++) {
      const { statusCode } = await call(madeUp())
      seen[statusCode] = (seen[statusCode] ?? 0) + 1
    }
    return seen
  }

  it('are told "too many" after a hundred, while a good key from the same address is accepted', async () => {
    const { app, call, log } = await start()
    const cached = await createKey(app, 'acme')
    const notCached = await createKey(app, 'acme')
    expect((await call(cached.secret)).statusCode).toBe(200)

    expect(await present(1_000, call)).toEqual({ 401: ALLOWED, 429: 1_000 - ALLOWED })
    expect((await call(cached.secret)).statusCode).toBe(200)
    expect((await call(notCached.secret)).statusCode).toBe(200)

    const warnings = log.entries().filter(({ reason }) => reason === 'too_many_attempts')
    expect(warnings[0]).toMatchObject({ level: 40, ip: ATTACKER })
    expect(warnings.length).toBeLessThan(60)
  })

  it('get an answer again when Retry-After has passed', async () => {
    const { call } = await start()
    await present(ALLOWED, call)
    const refused = await call(madeUp())
    expectProblem(refused, 'too_many_attempts')
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/)
    expect(refused.headers).not.toHaveProperty('ratelimit')
    vi.setSystemTime(Date.now() + Number(refused.headers['retry-after']) * 1_000)
    expectProblem(await call(madeUp()), 'invalid_key')
  })

  it('count when they are malformed as well', async () => {
    const { call } = await start()
    const seen = await present(ALLOWED + 5, () => call('nonsense'))
    expect(seen).toEqual({ 401: ALLOWED, 429: 5 })
  })

  it("are told so under rejections: 'uniform' too", async () => {
    const { call } = await start({ rejections: 'uniform' })
    await present(ALLOWED, call)
    expectProblem(await call(madeUp()), 'too_many_attempts')
  })

  it('are not those of a key that is known but refused', async () => {
    const { app, call } = await start()
    const { id, secret } = await createKey(app, 'acme')
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
    expect(await present(ALLOWED + 5, () => call(secret))).toEqual({ 401: ALLOWED + 5 })
  })

  it('count for one client alone: an IPv4 address, or a /64 of IPv6', async () => {
    const { call } = await start()
    await present(ALLOWED, call)
    expectProblem(await call(madeUp(), `::ffff:${ATTACKER}`), 'too_many_attempts')
    expectProblem(await call(madeUp(), '198.51.100.8'), 'invalid_key')
    await present(ALLOWED, (secret) => call(secret, '2001:db8:1:2::1'))
    expectProblem(await call(madeUp(), '2001:db8:1:2:ffff::9'), 'too_many_attempts')
    expectProblem(await call(madeUp(), '2001:db8:1:3::1'), 'invalid_key')
  })

  it('count for the address that a trusted proxy forwards', async () => {
    const { call } = await start({}, { trustProxy: true })
    const from = (address: string) => (secret: string) =>
      call(secret, '10.0.0.1', { 'x-forwarded-for': address })
    await present(ALLOWED, from(ATTACKER))
    expectProblem(await from(ATTACKER)(madeUp()), 'too_many_attempts')
    expectProblem(await from('198.51.100.8')(madeUp()), 'invalid_key')
  })

  it('count for the address of the connection where no proxy is trusted, whatever a header says', async () => {
    const { call } = await start()
    let last = 0
    const seen = await present(ALLOWED + 5, (secret) =>
      call(secret, ATTACKER, { 'x-forwarded-for': `203.0.113.${last++ % 250}` }),
    )
    expect(seen).toEqual({ 401: ALLOWED, 429: 5 })
  })

  it('count together where there is no address, as on a Unix socket', async () => {
    const { app } = await start()
    const { secret } = await createKey(app, 'acme')
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-'))
    const socketPath = join(folder, 'socket')
    await app.listen({ path: socketPath })
    const call = (text: string) =>
      new Promise<{ statusCode: number }>((resolve, reject) => {
        httpRequest({ socketPath, path: '/any', headers: bearer(text) }, (reply) => {
          reply.resume()
          resolve({ statusCode: reply.statusCode! })
        })
          .on('error', reject)
          .end()
      })
    expect(await present(ALLOWED + 5, call)).toEqual({ 401: ALLOWED, 429: 5 })
    expect((await call(secret)).statusCode).toBe(200)
    await rm(folder, { recursive: true })
  })
})
