import type { FreshDatabase, PostgresServer } from '@latchkey/testing'
import { freshDatabase } from '@latchkey/testing'
import { loadKeys, type BulkLoad } from './bulk-load.ts'
import type { Cores } from './machine.ts'

/** Where and how thoroughly a part of the benchmark runs. */
export interface Setting {
  /** The form for CI: fewer rounds, and only what a regression would show in. */
  isShort: boolean
  cores: Cores
  /** A folder for files that are gone when the benchmark ends. */
  folder: string
  postgres: PostgresServer
  /** Says how far it is. */
  tell(text: string): void
}

/** An empty database of the benchmark's server for as long as the work takes. */
export async function withDatabase<T>(
  { postgres }: Setting,
  work: (database: FreshDatabase) => Promise<T>,
): Promise<T> {
  const database = await freshDatabase(postgres.url)
  try {
    return await work(database)
  } finally {
    await database.drop()
  }
}

/** The same with keys in it. */
export function withKeys<T>(setting: Setting, keys: BulkLoad, work: (url: string) => Promise<T>): Promise<T> {
  return withDatabase(setting, async ({ url }) => {
    await loadKeys(url, keys)
    return work(url)
  })
}
