import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshDatabase } from './fresh-database.ts'

/** An empty database, as the engine's `openDatabase` takes it. */
export interface TestDatabase {
  target: string
  /** Removes it, once it is closed. */
  remove: () => Promise<void>
}

/**
 * Every kind of database that Latchkey runs on, so that one suite can run on each.
 *
 * @example
 * describe.each(testDatabases)('keys on $name', ({ create }) => {
 *   let database: TestDatabase
 *   beforeAll(async () => { database = await create() })
 *   afterAll(() => database.remove())
 * })
 */
export const testDatabases: readonly { name: string; create: () => Promise<TestDatabase> }[] = [
  {
    name: 'PGlite in memory',
    create: () => Promise.resolve({ target: 'memory:', remove: () => Promise.resolve() }),
  },
  {
    name: 'PGlite in a folder',
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'latchkey-pglite-'))
      return { target: folder, remove: () => rm(folder, { recursive: true, force: true }) }
    },
  },
  {
    name: 'Postgres',
    async create() {
      const { url, drop } = await freshDatabase()
      return { target: url, remove: drop }
    },
  },
]
