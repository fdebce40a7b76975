import { hash } from 'node:crypto'
import {
  createLatchkey,
  migrate,
  openDatabase,
  type Database,
  type Latchkey,
  type Verdict,
} from '@latchkey/engine'
import { createFaultProxy, freshDatabase, type FaultProxy, type FreshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ann, anOwner, must, scopes } from './set-up.ts'

let server: FreshDatabase
let proxy: FaultProxy
let database: Database
let node: Latchkey
let other: Latchkey
let told: Error[]
/** How often the node began to listen. */
let listens: number
let isSwallowed: boolean

beforeEach(async () => {
  told = []
  listens = 0
  isSwallowed = false
  server = await freshDatabase()
  proxy = await createFaultProxy(server.url, (bytes) => {
    if (bytes.includes('listen "latchkey_changes"')) listens += 1
    isSwallowed ||= bytes.includes('into the void')
  })
  database = await openDatabase(server.url)
  node = await createLatchkey({ database: proxy.url, scopes, onError: (error) => told.push(error) })
  other = await createLatchkey({ database, scopes })
})
afterEach(async () => {
  await proxy.restore()
  await Promise.all([node.close(), other.close()])
  await database.close()
  await proxy.close()
  await server.drop()
})

/** A key that the node has just read, so that nothing but the feed makes it forget. */
async function aCachedKey() {
  const owner = anOwner()
  const { secret, apiKey } = must(await other.keys.create(owner, ann, { name: 'k' }))
  await expect
    .poll(async () => {
      await node.verify(secret)
      return node.verify(secret) instanceof Promise
    })
    .toBe(false)
  return { secret, revoke: async () => must(await other.keys.revoke(owner, ann, apiKey.id)).receipt }
}

const refusal = async (secret: string) => {
  const verdict: Verdict = await node.verify(secret)
  return verdict.ok ? 'none' : verdict.reason
}

describe('a node', () => {
  it('hears of a change at once', async () => {
    const { secret, revoke } = await aCachedKey()
    expect(await revoke()).toMatchObject({ nodes: 2, confirmed: 2 })
    expect(await refusal(secret)).toBe('revoked')
    expect(listens).toBe(1)
  })

  it('asks for a key no more as long as it reads that nothing changed', async () => {
    const { secret } = await aCachedKey()
    // By then it has also read of the create.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await node.verify(secret)
    const until = Date.now() + 7_000
    while (Date.now() < until) {
      expect(node.verify(secret)).not.toBeInstanceOf(Promise)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  it('is told of a change by hand, and of a very large one', async () => {
    const [first, second] = [await aCachedKey(), await aCachedKey()]
    await database.drizzle.execute(sql`
      update latchkey.keys set disabled_at = now() where hash = sha256(${first.secret}::text::bytea)`)
    await expect.poll(() => refusal(first.secret), { timeout: 2_000 }).toBe('disabled')
    await database.drizzle.execute(sql`
      insert into latchkey.keys
        (id, owner_id, hash, start, name, environment, scopes, created_at, created_by_id)
      select gen_random_uuid(), owner_id, sha256(n::text::bytea), start, 'bulk', environment, scopes, now(), 'x'
      from latchkey.keys, generate_series(1, 1000) as n where hash = sha256(${second.secret}::text::bytea)`)
    await node.verify(second.secret)
    await database.drizzle.execute(sql`update latchkey.keys set disabled_at = now()`)
    await expect.poll(() => refusal(second.secret), { timeout: 2_000 }).toBe('disabled')
  })

  it('learns of what changed while its ear was cut off, and listens again', async () => {
    const { secret, revoke } = await aCachedKey()
    await database.drizzle.execute(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and (query like 'listen%' or query = 'select 1')`)
    const start = performance.now()
    expect(await revoke()).toMatchObject({ nodes: 2, confirmed: 2 })
    expect(await refusal(secret)).toBe('revoked')
    expect(performance.now() - start).toBeLessThan(2_000)
    await expect.poll(() => listens, { timeout: 5_000 }).toBe(2)
    expect(told).toEqual([])
  })

  describe('whose ear was cut off in silence', () => {
    beforeEach(async () => {
      // What is sent to the ear now is swallowed, and all that is sent to it later.
      proxy.blackhole()
      await database.drizzle.execute(sql`select pg_notify('latchkey_changes', 'into the void')`)
      await vi.waitUntil(() => isSwallowed, { interval: 1 })
      await proxy.restore()
      expect(listens).toBe(1)
    })

    it('notices within ten seconds, though nothing changes, and listens again', async () => {
      await expect.poll(() => listens, { timeout: 10_000 }).toBe(2)
      const { secret, revoke } = await aCachedKey()
      expect(await revoke()).toMatchObject({ nodes: 2, confirmed: 2 })
      expect(await refusal(secret)).toBe('revoked')
      expect(told).toEqual([])
    })

    it('reads of a change within about a second', async () => {
      const { secret, revoke } = await aCachedKey()
      await revoke()
      await expect.poll(() => refusal(secret), { timeout: 2_500 }).toBe('revoked')
    })
  })

  it('tells once that it cannot read the log, still hears, and goes on when it can', async () => {
    await database.drizzle.execute(sql`alter table latchkey.nodes rename to gone`)
    await expect.poll(() => told, { timeout: 3_000 }).toHaveLength(1)
    expect(told[0]).toMatchObject({ name: 'StoreUnavailable', sqlState: '42P01' })
    const { secret } = await aCachedKey()
    await database.drizzle.execute(sql`update latchkey.keys set disabled_at = now()`)
    await expect.poll(() => refusal(secret), { timeout: 1_000 }).toBe('disabled')
    await database.drizzle.execute(sql`alter table latchkey.gone rename to nodes`)
    const both = () => aCachedKey().then(({ revoke }) => revoke())
    await expect.poll(both, { timeout: 10_000 }).toMatchObject({ nodes: 2, confirmed: 2 })
    expect(told).toHaveLength(1)
  })

  it('forgets everything when another server answers, or after a gap longer than the log is kept', async () => {
    const before = { server: 'the first', at: 0 }
    let told = { ...before }
    /** A database whose log never has anything to tell but by whom and when it was read. */
    const silent: Database = {
      ...database,
      listen: null,
      async query<Row>(...statement: Parameters<Database['query']>) {
        const rows = await database.query<Row & { found?: string }>(...statement)
        return rows.map((row) => (row.found === undefined ? row : { ...row, ...told, found: '[]' }))
      },
    }
    const lonely = await createLatchkey({ database: silent, scopes })
    const isCached = (secret: string) => !(lonely.verify(secret) instanceof Promise)
    for (const next of [
      { ...before, server: 'the second' },
      { server: 'the second', at: 50_001 },
    ]) {
      const { secret } = must(await other.keys.create(anOwner(), ann, { name: 'k' }))
      await lonely.verify(secret)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      expect(isCached(secret)).toBe(true)
      told = next
      await expect.poll(() => isCached(secret), { timeout: 2_000, interval: 20 }).toBe(false)
    }
    await lonely.close()
  })
})

describe('a node that cannot listen', () => {
  it('starts all the same, tells it once, reads the log, and listens as soon as it can', async () => {
    let isBroken = true
    let attempts = 0
    const hardOfHearing: Database = {
      ...database,
      listen(...channel) {
        attempts += 1
        return isBroken ? Promise.reject(new Error('nothing to hear')) : database.listen!(...channel)
      },
    }
    const told: Error[] = []
    const reader = await createLatchkey({
      database: hardOfHearing,
      scopes,
      onError: (error) => told.push(error),
    })
    const owner = anOwner()
    const { secret, apiKey } = must(await other.keys.create(owner, ann, { name: 'k' }))
    await reader.verify(secret)
    expect(must(await other.keys.revoke(owner, ann, apiKey.id)).receipt.nodes).toBe(3)
    await expect.poll(() => reader.verify(secret), { timeout: 2_000 }).toMatchObject({ reason: 'revoked' })
    await expect.poll(() => attempts, { timeout: 5_000 }).toBeGreaterThanOrEqual(3)
    isBroken = false
    await expect.poll(() => attempts, { timeout: 5_000 }).toBeGreaterThanOrEqual(4)
    expect(told.map(({ message }) => message)).toEqual(['nothing to hear'])
    await reader.close()
  })
})

it('drops a change that has the number of another, which a server before a failover gave', async () => {
  let send: (payload: string) => void = () => undefined
  let breakOff: () => void = () => undefined
  let connections = 0
  const controlled: Database = {
    ...database,
    listen(_, onMessage) {
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      send = onMessage
      breakOff = resolve
      connections += 1
      return Promise.resolve({ ended, ping: () => Promise.resolve(), close: () => Promise.resolve() })
    },
  }
  const listening = await createLatchkey({ database: controlled, scopes })
  const create = async () => must(await other.keys.create(anOwner(), ann, { name: 'k' })).secret
  const secrets = [await create(), await create(), await create()]
  // By then it has read of the creates.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const forgets = async (secret: string, sequence: number) => {
    await listening.verify(secret)
    expect(listening.verify(secret)).not.toBeInstanceOf(Promise)
    send(`${sequence} 0 ${hash('sha256', secret, 'base64url')} default`)
    return listening.verify(secret) instanceof Promise
  }
  expect(await forgets(secrets[0]!, 1_000_000)).toBe(true)
  expect(await forgets(secrets[1]!, 1_000_000)).toBe(false)
  breakOff()
  await vi.waitUntil(() => connections === 2)
  expect(await forgets(secrets[2]!, 1_000_000)).toBe(true)
  await listening.close()
})

describe('closing', () => {
  it('ends well when the database was closed before', async () => {
    const own = await openDatabase(server.url)
    const late = await createLatchkey({ database: own, scopes, onError: (error) => told.push(error) })
    await own.close()
    await expect(late.close()).resolves.toBeUndefined()
    expect(told).toEqual([])
  })

  it('may be forgotten: no timer keeps a process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    const embedded = await openDatabase('memory:')
    await migrate(embedded)
    const before = timers()
    const forgotten = await createLatchkey({ database: embedded, scopes })
    expect(timers()).toBeLessThanOrEqual(before)
    await forgotten.close()
    await embedded.close()
  })
})
