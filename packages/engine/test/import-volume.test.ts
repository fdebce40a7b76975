import type { ImportCounts, ImportRow } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { allImports, quickForeignKeys, slowForeignKeys, type ForeignKey } from './foreign-keys.ts'
import { ann, useDatabase } from './set-up.ts'

const ROWS = 100_000
const SLOW_ROWS = 200
const OWNERS = 5_000

const servers = testDatabases.filter(({ name }) => name === 'Postgres')

describe.each(servers)('an import of 100,000 keys of every format on $name', ({ create }) => {
  const db = useDatabase(create)

  it('tells how far it is, goes no faster than every node can follow, adds nothing twice, and makes every key good', async () => {
    const latchkey = await db.latchkey({ imports: allImports })
    const foreign = await makeKeys()
    const progress: ImportCounts[] = []
    const startedAt = performance.now()
    const counts = await latchkey.imports.run(ann, rows(foreign), {
      onProgress: (counts) => void progress.push(counts),
    })
    const tookMs = performance.now() - startedAt
    // A node reads 10,000 changes a second.
    expect((ROWS * 1_000) / tookMs).toBeLessThan(9_000)
    expect(counts).toEqual({ done: ROWS, added: ROWS, known: 0, failed: 0 })
    expect(progress.length).toBeGreaterThanOrEqual(ROWS / 500)
    expect(progress.every(({ done }, at) => at === 0 || done > progress[at - 1]!.done)).toBe(true)
    expect(progress.at(-1)).toEqual(counts)

    // One of each format, from all over the rows.
    const some = foreign.filter((_, at) => at % 997 < 1 || at >= ROWS - SLOW_ROWS)
    for (const { text, at } of some) {
      expect(await latchkey.verify(text)).toMatchObject({ ok: true, key: { owner: `owner_${at % OWNERS}` } })
    }
    const [stored] = await db.database.query<{ foreign: string }>(
      `select count(*)::text as foreign from latchkey.imports where slow_hash is not null`,
      [],
    )
    expect(stored).toEqual({ foreign: '0' })
    // A node to which nothing but the hash of the text itself is known.
    const other = await db.latchkey({ imports: { formats: ['sha256'] } })
    for (const { text } of some) expect(await other.verify(text)).toMatchObject({ ok: true })

    expect(await latchkey.imports.run(ann, rows(foreign))).toEqual({
      done: ROWS,
      added: 0,
      known: ROWS,
      failed: 0,
    })
  }, 300_000)
})

async function makeKeys(): Promise<(ForeignKey & { at: number })[]> {
  const quick = Object.values(quickForeignKeys)
  const slow = Object.values(slowForeignKeys)
  const keys: ForeignKey[] = []
  while (keys.length < ROWS - SLOW_ROWS) keys.push(quick[keys.length % quick.length]!())
  while (keys.length < ROWS) keys.push(await slow[keys.length % slow.length]!())
  return keys.map((key, at) => ({ ...key, at }))
}

async function* rows(foreign: readonly (ForeignKey & { at: number })[]): AsyncGenerator<ImportRow> {
  for (const { row, at } of foreign) {
    yield { ...row, owner: `owner_${at % OWNERS}`, name: `Key ${at}`, externalId: String(at) }
  }
}
