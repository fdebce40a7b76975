import {
  createLatchkey,
  generateSecret,
  openDatabase,
  StoreUnavailable,
  type Latchkey,
  type Verdict,
} from '@latchkey/engine'
import { createFaultProxy, freshDatabase, type FaultProxy, type FreshDatabase } from '@latchkey/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ann, anOwner, must, scopes } from './set-up.ts'

let server: FreshDatabase
let proxy: FaultProxy
let latchkey: Latchkey
let undisturbed: Latchkey

beforeEach(async () => {
  server = await freshDatabase()
  proxy = await createFaultProxy(server.url)
  latchkey = await createLatchkey({ database: proxy.url, scopes, onError: () => undefined })
  undisturbed = await createLatchkey({ database: server.url, scopes })
})

afterEach(async () => {
  await proxy.restore()
  await Promise.all([latchkey.close(), undisturbed.close()])
  await proxy.close()
  await server.drop()
})

async function aNewKey() {
  const owner = anOwner()
  const { secret, apiKey } = must(await undisturbed.keys.create(owner, ann, { name: 'k' }))
  return { owner, secret, id: apiKey.id }
}

const anInventedSecret = () => generateSecret({ prefix: 'lk', environment: 'live' })

/** The verdict as a promise, whichever way it came. */
async function verify(text: string): Promise<Verdict> {
  return latchkey.verify(text)
}

async function warm(secret: string): Promise<void> {
  await vi.waitUntil(async () => {
    await latchkey.verify(secret)
    return !(latchkey.verify(secret) instanceof Promise)
  })
}

async function timed<T>(work: Promise<T>): Promise<{ ms: number; error: unknown }> {
  const start = performance.now()
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { ms: performance.now() - start, error }
}

describe.each(['cut', 'blackhole'] as const)('when the database is gone (%s)', (fault) => {
  it('serves what it knows, says "unavailable" to the rest in time, and recovers by itself', async () => {
    const { secret } = await aNewKey()
    const unseen = await aNewKey()
    // Enough at once that every connection is open, and hit by what follows.
    await Promise.all(Array.from({ length: 40 }, () => verify(anInventedSecret())))
    await warm(secret)
    await proxy[fault]()

    expect(latchkey.verify(secret)).toMatchObject({ ok: true })
    const unseenSecrets = [unseen.secret, ...Array.from({ length: 40 }, anInventedSecret)]
    const refused = await Promise.all(unseenSecrets.map((text) => timed(verify(text))))
    for (const { ms, error } of refused) {
      expect(error).toBeInstanceOf(StoreUnavailable)
      expect(ms).toBeLessThan(2_500)
    }

    await proxy.restore()
    const isBack = () =>
      verify(unseen.secret).then(
        (verdict) => verdict.ok,
        () => false,
      )
    await expect.poll(isBack, { timeout: 15_000 }).toBe(true)
  })

  it('fails management and readiness in time, as "unavailable"', async () => {
    const { owner, id } = await aNewKey()
    await proxy[fault]()
    const calls = await Promise.all([
      timed(latchkey.keys.create(owner, ann, { name: 'k' })),
      timed(latchkey.keys.list(owner)),
      timed(latchkey.keys.get(owner, id)),
      timed(latchkey.keys.update(owner, ann, id, { name: 'n' })),
      timed(latchkey.keys.revoke(owner, ann, id)),
      timed(latchkey.ready()),
    ])
    for (const { ms, error } of calls) {
      expect(error).toBeInstanceOf(StoreUnavailable)
      expect(ms).toBeLessThan(5_500)
    }
  })

  it('learns of a revocation that it could not hear of, within five seconds', async () => {
    const { owner, secret, id } = await aNewKey()
    await warm(secret)
    await proxy[fault]()
    must(await undisturbed.keys.revoke(owner, ann, id))
    const acceptedUntil = Date.now() + 5_000
    while (Date.now() < acceptedUntil) {
      const verdict = await verify(secret).catch(() => 'unavailable')
      if (verdict === 'unavailable') break
      expect(verdict).toMatchObject({ ok: true })
    }
    const late = await verify(secret).catch(() => ({ ok: false }))
    expect(late.ok).toBe(false)
  })
})

it('listens again after its connection broke, having forgotten what it knew', async () => {
  const first = await aNewKey()
  const second = await aNewKey()
  await warm(first.secret)
  await proxy.cut()
  must(await undisturbed.keys.revoke(first.owner, ann, first.id))
  await proxy.restore()
  await expect
    .poll(async () => ((await latchkey.verify(first.secret)) as Verdict & { ok: false }).reason, {
      timeout: 5_000,
    })
    .toBe('revoked')

  // Only the feed can tell this.
  await vi.waitUntil(
    async () => {
      await warm(second.secret)
      must(await undisturbed.keys.update(second.owner, ann, second.id, { enabled: false }))
      const heard = await vi
        .waitUntil(async () => !(await latchkey.verify(second.secret)).ok, { timeout: 1_000 })
        .catch(() => false)
      must(await undisturbed.keys.update(second.owner, ann, second.id, { enabled: true }))
      return heard
    },
    { timeout: 25_000 },
  )
  await expect.poll(async () => (await latchkey.verify(second.secret)).ok, { timeout: 5_000 }).toBe(true)
})

describe('opening a server that does not answer', () => {
  it.each(['cut', 'blackhole'] as const)(
    'fails within seconds, naming the place and no password (%s)',
    async (fault) => {
      await proxy[fault]()
      const { ms, error } = await timed(openDatabase(proxy.url))
      const { host, password } = new URL(proxy.url)
      expect(error).toBeInstanceOf(StoreUnavailable)
      expect((error as Error).message).toContain(host)
      expect((error as Error).message).not.toContain(password)
      expect((error as Error).message).not.toContain('\n')
      expect(ms).toBeLessThan(7_000)
    },
  )

  it('tells why a server refused', async () => {
    const missing = new URL(server.url)
    missing.pathname = '/does_not_exist'
    await expect(openDatabase(missing.href)).rejects.toMatchObject({ sqlState: '3D000' })
    const wrong = new URL(server.url)
    wrong.password = 'wrong_password'
    const { error } = await timed(openDatabase(wrong.href))
    expect(error).toMatchObject({ sqlState: '28P01' })
    expect(String(error)).not.toContain('wrong_password')
  })
})

it('carries neither SQL nor parameters nor a cause in its errors', async () => {
  const { owner } = await aNewKey()
  const database = await openDatabase(server.url)
  const broken = await createLatchkey({ database, scopes })
  await database.drizzle.execute('alter table latchkey.keys rename column name to gone')
  const { error } = await timed(broken.keys.create(owner, ann, { name: 'canary-in-a-parameter' }))
  expect(error).toMatchObject({ name: 'StoreUnavailable', sqlState: '23502' })
  expect((error as Error).cause).toBeUndefined()
  const told = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).stack)
  expect(told).not.toMatch(/canary|insert into|select|gone/i)
  await broken.close()
  await database.close()
})
