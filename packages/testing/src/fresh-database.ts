import { randomBytes } from 'node:crypto'
import postgres from 'postgres'

/** An empty database of one test file. */
export interface FreshDatabase {
  url: string
  /** Drops it, whoever is still connected. */
  drop: () => Promise<void>
}

/** Creates an empty database on the run's server, or on the one given. */
export async function freshDatabase(
  serverUrl: string | undefined = process.env['TEST_DATABASE_URL'],
): Promise<FreshDatabase> {
  if (!serverUrl) {
    throw new Error(
      'No Postgres server: add "@latchkey/testing/global-setup" to globalSetup in vitest.config.ts.',
    )
  }
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`
  await onServer(serverUrl, (sql) => sql`create database ${sql(name)}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => onServer(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`),
  }
}

async function onServer(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await work(sql)
  } finally {
    await sql.end()
  }
}
