import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createLatchkey, StoreUnavailable, type Latchkey } from '@latchkey/engine'
import { createFaultProxy, freshDatabase, testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ann, anOwner, must, scopes, useDatabase } from './set-up.ts'

const DAY_MS = 86_400_000

afterEach(() => vi.useRealTimers())

async function totalsOf(latchkey: Latchkey, owner: string, id: string) {
  const { series } = must(await latchkey.usage.ofKey(owner, id))
  const { total, accepted, refused } = series
  return { total, accepted, refused }
}

describe.each(testDatabases)('metering on $name', ({ create }) => {
  const db = useDatabase(create)

  it('counts every verdict on a known key exactly once, whatever it was and however many came at once', async () => {
    const owner = anOwner()
    const node = await db.latchkey()
    const { secret, apiKey } = must(
      await node.keys.create(owner, ann, { name: 'k', scopes: ['contacts:read'] }),
    )
    const counted = await db.latchkey()
    const use = async (scope: string) => counted.verify(secret, { scopes: [scope] })
    for (let round = 0; round < 4; round++) {
      // All of them find nothing in memory, for every round begins with a change of the key.
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => use(i % 4 ? 'contacts:read' : 'contacts:write')),
      )
      for (let i = 0; i < 50; i++) await use('contacts:read')
      must(await counted.keys.update(owner, ann, apiKey.id, { name: `k${round}` }))
    }
    await counted.verify(`${secret.slice(0, -1)}!`)
    must(await counted.keys.update(owner, ann, apiKey.id, { enabled: false }))
    await Promise.all(Array.from({ length: 7 }, () => use('contacts:read')))
    must(await counted.keys.revoke(owner, ann, apiKey.id))
    await Promise.all(Array.from({ length: 3 }, () => use('contacts:read')))
    await counted.close()
    expect(await totalsOf(node, owner, apiKey.id)).toEqual({
      total: 610,
      accepted: 500,
      refused: { insufficient_scope: 100, disabled: 7, revoked: 3 },
    })
  })

  it('notes from where a key was used, as the caller tells', async () => {
    const owner = anOwner()
    const node = await db.latchkey()
    const { secret, apiKey } = must(await node.keys.create(owner, ann, { name: 'k' }))
    const used = await db.latchkey()
    await used.verify(secret, {}, { ip: '2001:db8::17' })
    await used.close()
    expect(await node.keys.get(owner, apiKey.id)).toMatchObject({ lastUsedAddress: '2001:db8::17' })
  })

  it('deletes what was kept for as long as is set', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const owner = anOwner()
    const clock = { now: Date.parse('2030-01-10T12:00:00Z') }
    // Each in a namespace of its own, for what is kept is set for one.
    const options = { namespace: owner, now: () => clock.now }
    const node = await db.latchkey({ ...options, usageRetentionDays: { minute: 1, quarterHour: 2, day: 3 } })
    const { secret } = must(await node.keys.create(owner, ann, { name: 'k' }))
    await node.verify(secret)
    const rows = async () => {
      const found = await db.database.drizzle
        .select({ resolution: sql<string>`resolution` })
        .from(sql`latchkey.usage`)
        .where(sql`namespace = ${owner}`)
      return [...new Set(found.map(({ resolution }) => resolution))].sort().join('')
    }
    vi.advanceTimersByTime(10_000)
    vi.useRealTimers()
    await expect.poll(rows).toBe('dmq')
    for (const [days, left] of [
      [2, 'dmq'],
      [3, 'dq'],
      [4, 'd'],
      [5, ''],
    ] as const) {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      clock.now = Date.parse('2030-01-10T12:00:00Z') + days * DAY_MS
      // A node sweeps soon after it was started, and then each hour.
      const sweeper = await db.latchkey({
        ...options,
        usageRetentionDays: { minute: 1, quarterHour: 2, day: 3 },
      })
      vi.advanceTimersByTime(10_000)
      vi.useRealTimers()
      await expect.poll(rows).toBe(left)
      await sweeper.close()
    }
  })
})

it('keeps what was counted while the database was away, and stores it once', async () => {
  const server = await freshDatabase()
  const proxy = await createFaultProxy(server.url)
  const errors: Error[] = []
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const far = await createLatchkey({ database: proxy.url, scopes, onError: (error) => errors.push(error) })
  const near = await createLatchkey({ database: server.url, scopes })
  const owner = anOwner()
  const { secret, apiKey } = must(await near.keys.create(owner, ann, { name: 'k' }))
  for (let i = 0; i < 5; i++) await far.verify(secret)
  await proxy.cut()
  vi.advanceTimersByTime(10_000)
  await vi.waitUntil(() => errors.some((error) => error instanceof StoreUnavailable), { timeout: 10_000 })
  await proxy.restore()
  await vi.waitUntil(
    async () => {
      vi.advanceTimersByTime(10_000)
      return (await totalsOf(near, owner, apiKey.id)).total > 0
    },
    { timeout: 20_000, interval: 200 },
  )
  expect(await totalsOf(near, owner, apiKey.id)).toMatchObject({ total: 5 })
  await Promise.all([far.close(), near.close()])
  await proxy.close()
  await server.drop()
})

const durable = testDatabases.filter(({ name }) => name !== 'PGlite in memory')

describe.each(durable)('a process killed with -9 on $name', ({ create }) => {
  it('has lost nothing that was counted more than an interval before, and has counted nothing twice', async () => {
    const made = await create()
    const owner = anOwner()
    const before = await createLatchkey({ database: made.target })
    const { secret } = must(await before.keys.create(owner, ann, { name: 'k' }))
    await before.close()

    const { killedAt, uses } = await useUntilKilled(made.target, secret, 3_000)
    const after = await createLatchkey({ database: made.target })
    const { total } = must(await after.usage.ofOwner(owner)).series
    await after.close()
    await made.remove()
    // Half a second is an interval there; another is granted to a busy machine.
    const old = uses.filter(({ at }) => at < killedAt - 1_000)
    expect(old.length).toBeGreaterThan(10)
    expect(total).toBeGreaterThanOrEqual(old.length)
    // It may have been killed between a use and its line.
    expect(total).toBeLessThanOrEqual(uses.length + 1)
  }, 60_000)
})

/** Uses a key in a process of its own, and kills it a while after its first use. */
async function useUntilKilled(target: string, secret: string, afterMs: number) {
  const script = new URL('use-for-ever.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@latchkey/source', script, target, secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  await once(child.stdout, 'data')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  const killedAt = Date.now()
  child.kill('SIGKILL')
  await Promise.all([once(child, 'exit'), once(child.stdout, 'close')])
  const uses = printed
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ at: Number(line.split(' ')[0]) }))
  return { killedAt, uses }
}
