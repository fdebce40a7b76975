import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import postgres from 'postgres'

/** Of the server that everything runs on, beside the ones of the tests: no fsync, as nothing outlives the run. */
export const POSTGRES_SETTINGS = { shared_buffers: '4GB', max_wal_size: '16GB' }

const PACKAGES = [
  'fastify',
  '@fastify/bearer-auth',
  'better-auth',
  '@better-auth/api-key',
  'fastify-api-key',
  'postgres',
  'drizzle-orm',
]

/** Versions of what takes part. */
export async function versions(postgresUrl: string): Promise<Record<string, string>> {
  const sql = postgres(postgresUrl, { max: 1 })
  const [server] = await sql<{ server_version: string }[]>`show server_version`
  await sql.end()
  return {
    ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    Postgres: server!.server_version,
  }
}

function versionOf(name: string): string {
  const file = findPackageJSON(name, import.meta.url)
  return (JSON.parse(readFileSync(file!, 'utf8')) as { version: string }).version
}
