import { startPostgres } from './postgres-server.ts'

/** Vitest's global setup: one server for the whole run; `freshDatabase` finds it by the environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres()
  process.env['TEST_DATABASE_URL'] = server.url
  return () => server.stop()
}
