import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { VERSION } from '../src/version.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('nodes on $name', ({ create }) => {
  const db = useDatabase(create)

  it('say who they are, that they live and listen, and how late they were', async () => {
    const options = { namespace: 'told' }
    const [first, second] = await Promise.all([db.latchkey(options), db.latchkey(options)])
    const nodes = await first.nodes.list()
    expect(nodes).toHaveLength(2)
    expect(nodes.map(({ isSelf }) => isSelf).sort()).toEqual([false, true])
    for (const node of nodes) {
      expect(node).toMatchObject({ version: VERSION, host: `${hostname()}:${process.pid}`, isAlive: true })
      expect(node).toMatchObject({ isListening: true, lagMs: null })
      expect(Math.abs(node.seenAt.getTime() - Date.now())).toBeLessThan(10_000)
    }

    const owner = anOwner()
    const { apiKey } = must(await first.keys.create(owner, ann, { name: 'k' }))
    must(await first.keys.revoke(owner, ann, apiKey.id))
    for (const { lagMs } of await second.nodes.list()) expect(lagMs).toBeLessThanOrEqual(1_000)

    await second.close()
    expect(await first.nodes.list()).toMatchObject([{ isSelf: true }])
  })

  it('are told for a while after they went without a word, as what they are', async () => {
    const latchkey = await db.latchkey({ namespace: 'gone' })
    await db.database.drizzle.execute(sql`
      insert into latchkey.nodes (id, namespace, seen_at) values (gen_random_uuid(), 'gone', now() - interval '20 seconds')`)
    const gone = (await latchkey.nodes.list()).find(({ isSelf }) => !isSelf)
    expect(gone).toMatchObject({ isAlive: false, version: null, host: null, isListening: null })
  })
})

it('tell the version of their package', () => {
  const file = new URL('../package.json', import.meta.url)
  expect((JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version).toBe(VERSION)
})
