import { createLatchkey, openDatabase, type Latchkey, type LatchkeyOptions } from '@latchkey/engine'
import { freshDatabase, startPgbouncer, type FreshDatabase, type Pgbouncer } from '@latchkey/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { allImports, quickForeignKeys } from './foreign-keys.ts'
import { ann, anOwner, must, scopes } from './set-up.ts'

let server: FreshDatabase
let pooler: Pgbouncer | undefined
const open: Latchkey[] = []

beforeEach(async () => {
  server = await freshDatabase()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((latchkey) => latchkey.close()))
  await pooler?.stop()
  pooler = undefined
  await server.drop()
})

async function node(options: LatchkeyOptions): Promise<Latchkey> {
  const latchkey = await createLatchkey({ scopes, ...options })
  open.push(latchkey)
  return latchkey
}

it('imports keys and finds them through such a pooler', async () => {
  pooler = await startPgbouncer(server.url, { poolSize: 2 })
  const latchkey = await node({ database: `${pooler.url}?pgbouncer=true`, imports: allImports })
  const foreign = Array.from({ length: 600 }, () => quickForeignKeys['sanctum']!())
  const rows = foreign.map(({ row }) => ({ ...row, owner: anOwner(), name: 'A key' }))
  expect(await latchkey.imports.run(ann, rows)).toMatchObject({ added: 600, failed: 0 })
  for (const { text } of foreign.slice(0, 20)) expect(await latchkey.verify(text)).toMatchObject({ ok: true })
})

it('works through a pooler that lends connections for one transaction, when the URL says so', async () => {
  // Fewer connections than callers, so that each is lent to many.
  pooler = await startPgbouncer(server.url, { poolSize: 2 })
  const url = `${pooler.url}?pgbouncer=true`
  const nodes = await Promise.all([node({ database: url }), node({ database: url })])
  const direct = await node({ database: server.url })
  const owner = anOwner()

  const many = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const { keys } = nodes[i % 2]!
      return must(await keys.create(owner, ann, { name: `key ${i}`, idempotencyKey: `request-number-${i}` }))
    }),
  )
  const everyone = [...nodes, direct]
  const verdicts = await Promise.all(
    everyone.flatMap(({ verify }) => many.map(async ({ secret }) => (await verify(secret)).ok)),
  )
  expect(verdicts).toEqual(Array.from({ length: 90 }, () => true))
  expect(must(await nodes[0].keys.list(owner, { limit: 100 })).data).toHaveLength(30)
  const [first, second, third] = many as [(typeof many)[0], (typeof many)[0], (typeof many)[0]]

  // Nothing is heard there, but the log is read twice a second.
  const disabled = must(await nodes[0].keys.update(owner, ann, first.apiKey.id, { enabled: false }))
  expect(disabled.receipt).toMatchObject({ nodes: 3, confirmed: 3 })
  const revoked = must(await direct.keys.revoke(owner, ann, second.apiKey.id))
  expect(revoked.receipt).toMatchObject({ nodes: 3, confirmed: 3 })
  for (const { verify } of everyone) {
    expect(await verify(first.secret)).toMatchObject({ reason: 'disabled' })
    expect(await verify(second.secret)).toMatchObject({ reason: 'revoked' })
    expect(await verify(third.secret)).toMatchObject({ ok: true })
  }
})

it('reads the log twice a second where it cannot listen, so that no node is late', async () => {
  pooler = await startPgbouncer(server.url, { poolSize: 4 })
  const pooled = await node({ database: `${pooler.url}?pgbouncer=true` })
  const direct = await node({ database: server.url })
  const told = (await direct.nodes.list()).map(({ isSelf, isListening }) => [isSelf, isListening])
  expect(told.sort()).toEqual([
    [false, false],
    [true, true],
  ])
  const owner = anOwner()
  const afterMs: number[] = []
  for (let trial = 0; trial < 6; trial++) {
    const { apiKey, secret } = must(await direct.keys.create(owner, ann, { name: 'k' }))
    await pooled.verify(secret)
    const { receipt } = must(await direct.keys.revoke(owner, ann, apiKey.id))
    expect(receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    afterMs.push(receipt.afterMs!)
  }
  expect(Math.max(...afterMs)).toBeLessThan(1_000)
})

it('is refused by such a pooler when the URL does not say so, and other parameters reach the server', async () => {
  pooler = await startPgbouncer(server.url, { poolSize: 2 })
  await expect(openDatabase(pooler.url)).rejects.toMatchObject({ sqlState: '08P01' })
  const unknown = `${server.url}?pgbouncer=true&no_such_setting=1`
  await expect(openDatabase(unknown)).rejects.toMatchObject({ sqlState: '42704' })
})

it('finds the changes and says what to do when such a pooler makes it deaf', async () => {
  const ignored = ['statement_timeout', 'idle_in_transaction_session_timeout']
  // One connection, so that what was prepared on it is there for everyone.
  pooler = await startPgbouncer(server.url, { poolSize: 1, ignored })
  const told: Error[] = []
  const deaf = await node({ database: pooler.url, onError: (error) => told.push(error) })
  const direct = await node({ database: server.url })
  const owner = anOwner()
  const { apiKey, secret } = must(await direct.keys.create(owner, ann, { name: 'k' }))
  await expect.poll(async () => (await deaf.verify(secret)).ok).toBe(true)
  must(await direct.keys.revoke(owner, ann, apiKey.id))
  await expect.poll(async () => (await deaf.verify(secret)).ok, { timeout: 3_000 }).toBe(false)
  await expect.poll(() => told.map(({ message }) => message), { timeout: 10_000 }).toHaveLength(1)
  expect(told[0]!.message).toContain('add "pgbouncer=true" to its URL')
})
