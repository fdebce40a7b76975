import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createLatchkey, generateSecret, openDatabase, type Database, type Latchkey } from '@latchkey/engine'
import { freshDatabase, testDatabases, type FreshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createReceipts } from '../src/receipts.ts'
import type { Order } from './run-node.ts'
import { ann, anOwner, must, scopes, useDatabase } from './set-up.ts'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('a receipt on $name', ({ create }) => {
  const db = useDatabase(create)

  it('comes with a revocation and with an update that disables, and with nothing else', async () => {
    const [first, second, stranger] = await Promise.all([
      db.latchkey({ namespace: 'receipts' }),
      db.latchkey({ namespace: 'receipts' }),
      db.latchkey({ namespace: 'elsewhere' }),
    ])
    await stranger.ready()
    const owner = anOwner()
    const { apiKey, secret } = must(await first.keys.create(owner, ann, { name: 'k' }))
    await second.verify(secret)
    const update = async (options: Parameters<Latchkey['keys']['update']>[3]) =>
      must(await first.keys.update(owner, ann, apiKey.id, options)).receipt

    const everyone = { nodes: 2, confirmed: 2, afterMs: expect.any(Number) as number }
    expect(await update({ name: 'renamed' })).toBeNull()
    expect(await update({ enabled: false })).toEqual(everyone)
    expect(await second.verify(secret)).toMatchObject({ reason: 'disabled' })
    expect(await update({ enabled: false, name: 'again' })).toBeNull()
    expect(await update({ enabled: true })).toBeNull()
    const revoked = must(await second.keys.revoke(owner, ann, apiKey.id))
    expect(revoked.receipt).toEqual(everyone)
    expect(revoked.receipt.afterMs).toBeGreaterThanOrEqual(0)
    expect(revoked.receipt.afterMs).toBeLessThanOrEqual(1_000)
  })

  it('waits for no node that was closed', async () => {
    const [first, second] = await Promise.all([
      db.latchkey({ namespace: 'closing' }),
      db.latchkey({ namespace: 'closing' }),
    ])
    await second.close()
    const owner = anOwner()
    const { apiKey } = must(await first.keys.create(owner, ann, { name: 'k' }))
    const { receipt } = must(await first.keys.revoke(owner, ann, apiKey.id))
    expect(receipt).toMatchObject({ nodes: 1, confirmed: 1 })
  })

  it('takes nothing from a revocation that cannot be recorded', async () => {
    const latchkey = await db.latchkey({ namespace: 'untold' })
    const owner = anOwner()
    const { apiKey, secret } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    await latchkey.verify(secret)
    await db.database.drizzle.execute('alter table latchkey.keys disable trigger user')
    const revoked = must(await latchkey.keys.revoke(owner, ann, apiKey.id))
    await db.database.drizzle.execute('alter table latchkey.keys enable trigger user')
    expect(revoked.receipt).toEqual({ nodes: 0, confirmed: 0, afterMs: null })
    expect(await latchkey.verify(secret)).toMatchObject({ reason: 'revoked' })
  })
})

describe('waiting for a receipt', () => {
  const change = { sequence: 7, nodes: 3 }
  const complete = { nodes: 3, confirmed: 3, afterMs: 12 }
  const partial = { nodes: 3, confirmed: 2, afterMs: 5 }
  const confirm = () => Promise.resolve()

  it('confirms for itself first, then asks until everyone has confirmed', async () => {
    const calls: string[] = []
    const readReceipt = vi.fn(async (sequence: number) => {
      calls.push(`read ${sequence}`)
      return calls.length < 5 ? partial : complete
    })
    const awaitReceipt = createReceipts({
      confirm: async (sequence) => void calls.push(`confirm ${sequence}`),
      readReceipt,
    })
    expect(await awaitReceipt(change)).toEqual(complete)
    expect(calls).toEqual(['confirm 7', 'read 7', 'read 7', 'read 7', 'read 7'])
  })

  it.each([
    ['one node never confirms', { confirm, readReceipt: () => Promise.resolve(partial) }, partial],
    [
      'asking fails later',
      {
        confirm,
        readReceipt: vi.fn().mockResolvedValueOnce(partial).mockRejectedValue(new Error('gone')),
      },
      partial,
    ],
    [
      'confirming fails',
      { confirm: () => Promise.reject(new Error('gone')), readReceipt: () => Promise.resolve(complete) },
      { nodes: 3, confirmed: 0, afterMs: null },
    ],
    [
      'asking hangs',
      { confirm, readReceipt: () => new Promise<never>(() => undefined) },
      { nodes: 3, confirmed: 0, afterMs: null },
    ],
  ])(
    'tells what is known, within about a second and with few questions, when %s',
    async (_, ports, known) => {
      const readReceipt = vi.fn(ports.readReceipt)
      const start = performance.now()
      expect(await createReceipts({ ...ports, readReceipt })(change)).toEqual(known)
      expect(performance.now() - start).toBeLessThan(1_300)
      expect(readReceipt.mock.calls.length).toBeLessThanOrEqual(16)
    },
  )
})

describe('three processes on one database', () => {
  let server: FreshDatabase
  let database: Database
  let latchkey: Latchkey
  const children: ChildProcess[] = []

  beforeAll(async () => {
    server = await freshDatabase()
    database = await openDatabase(server.url)
    latchkey = await createLatchkey({ database, scopes })
    await Promise.all([startNode(), startNode(), startNode()])
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await latchkey.close()
    await database.close()
    await server.drop()
  })

  async function startNode(): Promise<ChildProcess> {
    const child = fork(new URL('run-node.ts', import.meta.url), [server.url], {
      execArgv: ['--conditions=@latchkey/source'],
    })
    children.push(child)
    expect((await once(child, 'message'))[0]).toBe('ready')
    return child
  }

  async function tell(child: ChildProcess, order: Order): Promise<unknown> {
    child.send(order)
    return (await once(child, 'message'))[0]
  }

  const tellAll = (order: Order) => Promise.all(children.map((child) => tell(child, order)))

  async function end(child: ChildProcess, how: () => void): Promise<void> {
    children.splice(children.indexOf(child), 1)
    how()
    await once(child, 'exit')
  }

  async function aNewKey() {
    const owner = anOwner()
    const { secret, apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    return { secret, revoke: async () => must(await latchkey.keys.revoke(owner, ann, apiKey.id)).receipt }
  }

  it('refuse a key in all of them when the receipt says so, and long before the bound', async () => {
    const lateMs: number[] = []
    for (let trial = 0; trial < 20; trial++) {
      const { secret, revoke } = await aNewKey()
      expect(await tellAll({ verb: 'hammer', secret })).toEqual(['ok', 'ok', 'ok'])
      const receipt = await revoke()
      const answeredAt = Date.now()
      expect(receipt).toMatchObject({ nodes: 4, confirmed: 4 })
      expect(await tellAll({ verb: 'verify', secret })).toEqual(['revoked', 'revoked', 'revoked'])
      const lastGood = (await tellAll({ verb: 'stop' })) as number[]
      // Nobody accepted it after the receipt.
      lateMs.push(Math.max(...lastGood) - answeredAt)
    }
    expect(Math.max(...lateMs)).toBeLessThanOrEqual(0)
  })

  it('soon accept a key that they were asked for before it was there', async () => {
    const secret = generateSecret({ prefix: 'lk', environment: 'live' })
    expect(await tellAll({ verb: 'verify', secret })).toEqual(['unknown', 'unknown', 'unknown'])
    const { apiKey } = must(await latchkey.keys.create(anOwner(), ann, { name: 'k' }))
    await database.drizzle.execute(
      sql`update latchkey.keys set hash = sha256(${secret}::text::bytea) where start = ${apiKey.start}`,
    )
    // What is unknown is remembered for four seconds at least.
    await expect
      .poll(() => tellAll({ verb: 'verify', secret }), { timeout: 3_000 })
      .toEqual(['ok', 'ok', 'ok'])
  })

  it('count a node that crashed until it is forgotten, one that is new, and none that was closed', async () => {
    const [first, second] = children as [ChildProcess, ChildProcess]
    await end(first, () => first.kill('SIGKILL'))
    const start = performance.now()
    expect(await (await aNewKey()).revoke()).toMatchObject({ nodes: 4, confirmed: 3 })
    expect(performance.now() - start).toBeLessThan(2_000)
    await expect
      .poll(async () => (await aNewKey()).revoke(), { timeout: 10_000 })
      .toMatchObject({ nodes: 3, confirmed: 3 })

    await startNode()
    expect(await (await aNewKey()).revoke()).toMatchObject({ nodes: 4, confirmed: 4 })
    await end(second, () => second.send({ verb: 'close' } satisfies Order))
    expect(await (await aNewKey()).revoke()).toMatchObject({ nodes: 3, confirmed: 3 })
  })
})
