import { openDatabase, type Database } from '@latchkey/engine'
import { testDatabases, type TestDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, describe } from 'vitest'

/**
 * Runs a suite on an embedded database and on a Postgres server. The database is shared by the suite's tests,
 * which keep apart by owner or namespace.
 */
export function describeOnEachDatabase(name: string, suite: (database: () => Database) => void): void {
  const kinds = testDatabases.filter((kind) => kind.name !== 'PGlite in a folder')
  describe.each(kinds)(`${name} ($name)`, (kind) => suite(useDatabase(kind.create)))
}

/** An embedded database for a suite that any database would do for. */
export function useEmbeddedDatabase(): () => Database {
  return useDatabase(testDatabases.find((kind) => kind.name === 'PGlite in memory')!.create)
}

function useDatabase(create: () => Promise<TestDatabase>): () => Database {
  let created: TestDatabase
  let database: Database
  beforeAll(async () => {
    created = await create()
    database = await openDatabase(created.target)
  })
  afterAll(async () => {
    await database.close()
    await created.remove()
  })
  return () => database
}
