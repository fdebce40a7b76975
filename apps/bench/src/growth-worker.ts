/** Times cold verdicts and list pages on databases of different size, in turns. */
import { createLatchkey, openDatabase, type KeySort, type ListOptions } from '@latchkey/engine'
import { isActiveAt, OWNER, SCOPES } from './bulk-load.ts'
import { endWithParent, say, settingsOf } from './child-process.ts'
import { generator } from './prepared-requests.ts'
import { takeTurns } from './rounds.ts'
import { secretAt } from './secrets.ts'
import { quantile, ratioOf, spreadOf } from './statistics.ts'

const COLD_ROUNDS = 15
const VERDICTS_PER_ROUND = 3_000
const PAGES = 400
const PAGE_SIZE = 50
const DEEP_PAGE = 10_000
const SORTS: KeySort[] = ['-createdAt', 'name']

const { sizes } = settingsOf<{ sizes: { keys: number; databaseUrl: string }[] }>()
endWithParent()
const random = generator(7)
const subjects = await Promise.all(
  sizes.map(async ({ keys, databaseUrl }) => ({
    id: String(keys),
    keys,
    database: await openDatabase(databaseUrl),
  })),
)

// The first rounds warm up connections, code and Postgres' memory.
await takeTurns(subjects, 3, ({ keys, database }) => coldMs(keys, database))
const cold = await takeTurns(subjects, COLD_ROUNDS, ({ keys, database }) => coldMs(keys, database))
const p99s = (id: string) => cold.get(id)!.map((times) => quantile(times, 0.99))

const measured = []
for (const { id, keys, database } of subjects) {
  measured.push({
    keys,
    coldP50: spreadOf(cold.get(id)!.map((times) => quantile(times, 0.5))),
    coldP99: spreadOf(p99s(id)),
    coldP99Ratio: ratioOf(p99s(id), p99s(subjects[0]!.id)),
    pages: await pages(database),
  })
}
for (const { database } of subjects) await database.close()
say(measured)

/** Times of verdicts one after another on keys that are not in memory. */
async function coldMs(keys: number, database: (typeof subjects)[0]['database']): Promise<number[]> {
  const latchkey = await createLatchkey({ database, scopes: SCOPES })
  const times: number[] = []
  const seen = new Set<number>()
  while (times.length < Math.min(VERDICTS_PER_ROUND, keys / 4)) {
    const index = Math.floor(random() * keys)
    if (!isActiveAt(index) || seen.has(index)) continue
    seen.add(index)
    const secret = secretAt(index)
    const start = performance.now()
    const verdict = await latchkey.verify(secret, { scopes: ['contacts:read'] })
    times.push(performance.now() - start)
    if (!verdict.ok) throw new Error(`Key ${index} was refused: ${verdict.reason}.`)
  }
  await latchkey.close()
  return times
}

/** One page, filtered and sorted: the first and one far behind it, in turns. */
async function pages(database: (typeof subjects)[0]['database']) {
  const latchkey = await createLatchkey({ database, scopes: SCOPES })
  const figures = []
  for (const sort of SORTS) {
    const query: ListOptions = { limit: PAGE_SIZE, status: ['active'], environment: 'live', sort }
    const list = async (cursor: string | undefined) => {
      const page = await latchkey.keys.list(OWNER, { ...query, cursor })
      if (!page.ok) throw new Error(`A page was refused: ${page.message}`)
      return page
    }
    let deep: string | undefined
    for (let page = 1; page < DEEP_PAGE; page++) {
      const { nextCursor } = await list(deep)
      if (nextCursor === null) break
      deep = nextCursor
    }
    const depths = [
      { id: 'first', cursor: undefined },
      { id: 'deep', cursor: deep },
    ]
    const times = await takeTurns(depths, PAGES, async ({ cursor }) => {
      const start = performance.now()
      await list(cursor)
      return performance.now() - start
    })
    const at = (id: string, part: number) => quantile(times.get(id)!, part)
    figures.push([
      sort,
      {
        firstPageP99: at('first', 0.99),
        firstPageP50: at('first', 0.5),
        deepPageP99: at('deep', 0.99),
        deepPageP50: at('deep', 0.5),
        depthRatio: at('deep', 0.99) / at('first', 0.99),
      },
    ])
  }
  await latchkey.close()
  return Object.fromEntries(figures) as Record<string, unknown>
}
