import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  createLatchkey,
  openDatabase,
  type Database,
  type Latchkey,
  type QuotaOptions,
} from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyIdToUuid } from '../src/key-id.ts'
import type { Order } from './run-node.ts'
import { ann, anOwner, must } from './set-up.ts'

let server: FreshDatabase
let database: Database
let latchkey: Latchkey

beforeAll(async () => {
  server = await freshDatabase()
  database = await openDatabase(server.url)
  latchkey = await createLatchkey({ database })
})
afterAll(async () => {
  await latchkey.close()
  await database.close()
  await server.drop()
})

async function aKey(quota: QuotaOptions) {
  const owner = anOwner()
  const { secret, apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k', quota }))
  const remaining = async () => (await latchkey.keys.get(owner, apiKey.id))!.quota!.remaining
  return { secret, remaining, id: keyIdToUuid(apiKey.id) }
}

describe('three processes', () => {
  const nodes: ChildProcess[] = []
  beforeAll(async () => {
    for (let i = 0; i < 3; i++) {
      const child = fork(new URL('run-node.ts', import.meta.url), [server.url], {
        execArgv: ['--conditions=@latchkey/source'],
      })
      nodes.push(child)
      expect((await once(child, 'message'))[0]).toBe('ready')
    }
  })
  afterAll(async () => {
    const ends = nodes.map((node) => once(node, 'exit'))
    for (const node of nodes) node.send({ verb: 'close' } satisfies Order)
    await Promise.all(ends)
  })

  /** What became of what all of them did at the same time. */
  async function all(order: Order): Promise<Record<string, number>> {
    const replies = await Promise.all(
      nodes.map(async (node) => {
        node.send(order)
        return (await once(node, 'message'))[0] as Record<string, number>
      }),
    )
    const sums: Record<string, number> = {}
    for (const reply of replies) {
      for (const [outcome, count] of Object.entries(reply)) sums[outcome] = (sums[outcome] ?? 0) + count
    }
    return sums
  }

  it('let one of a thousand requests through for one credit, twenty times', async () => {
    for (let round = 0; round < 20; round++) {
      const { secret, remaining } = await aKey({ limit: 1, period: round % 2 ? 'never' : 'month' })
      expect(await all({ verb: 'burst', secret, cost: 1, count: 334 })).toEqual({
        ok: 1,
        quota_exceeded: 1_001,
      })
      expect(await remaining()).toBe(0)
    }
  })

  it.each([
    { limit: 96, cost: 10, let: 9, left: 6 },
    { limit: 9, cost: 10, let: 0, left: 9 },
    { limit: 5, cost: 5, let: 1, left: 0 },
  ])('let $let through at a cost of $cost with $limit credits, and leave $left', async (the) => {
    const { secret, remaining } = await aKey({ limit: the.limit, period: 'never' })
    expect(await all({ verb: 'burst', secret, cost: the.cost, count: 334 })).toEqual({
      ...(the.let > 0 && { ok: the.let }),
      quota_exceeded: 1_002 - the.let,
    })
    expect(await remaining()).toBe(the.left)
  })

  it('spend each of two fillings to its last credit, and no more, across the end of a period', async () => {
    for (let round = 0; round < 3; round++) {
      const { secret, remaining, id } = await aKey({ limit: 60, period: 'month', timeZone: 'Asia/Kathmandu' })
      await database.drizzle.execute(sql`
        update latchkey.quotas set ends_at = now() + interval '1.2 seconds' where key_id = ${id}::uuid`)
      expect(await all({ verb: 'spend', secret, cost: 1, forMs: 2_500 })).toMatchObject({ ok: 120 })
      expect(await remaining()).toBe(0)
    }
  })

  it('spend all there is, for none of them keeps for long what it does not spend', async () => {
    const { secret, remaining } = await aKey({ limit: 5_000, period: 'never' })
    const [first] = nodes as [ChildProcess]
    first.send({ verb: 'spend', secret, cost: 1, forMs: 500 } satisfies Order)
    let { ok: spent = 0 } = (await once(first, 'message'))[0] as Record<string, number>
    expect(5_000 - spent - (await remaining())).toBeGreaterThan(0)
    await expect
      .poll(
        async () => {
          spent += (await all({ verb: 'burst', secret, cost: 1, count: 500 })).ok ?? 0
          return spent
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(5_000)
    expect(await remaining()).toBe(0)
    expect(await all({ verb: 'burst', secret, cost: 1, count: 10 })).toEqual({ quota_exceeded: 30 })
  })
})

it('loses no more than a block when a process is killed with -9, and never has more than there were', async () => {
  const limit = 1_000_000
  const { secret, remaining } = await aKey({ limit, period: 'never' })
  const script = new URL('use-for-ever.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@latchkey/source', script, server.url, secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  await once(child.stdout, 'data')
  const startedAt = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  child.kill('SIGKILL')
  const seconds = (Date.now() - startedAt) / 1_000
  await Promise.all([once(child, 'exit'), once(child.stdout, 'close')])

  const used = printed.split('\n').length - 1
  const lost = limit - (await remaining()) - used
  expect(used).toBeGreaterThan(100)
  // It may have been killed between a use and its line.
  expect(lost).toBeGreaterThan(1)
  expect(lost).toBeLessThan((3 * used) / seconds)
})
