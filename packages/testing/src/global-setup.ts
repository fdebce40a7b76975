import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makePgliteTemplate, TEMPLATE_VARIABLE } from './pglite-template.ts'
import { startPostgres } from './postgres-server.ts'

/**
 * Vitest's global setup: one server for the whole run, which `freshDatabase` finds by the environment, and one empty
 * database of PGlite, of which `pglite-setup.ts` makes copies.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const template = await mkdtemp(join(tmpdir(), 'latchkey-template-'))
  const [server] = await Promise.all([startPostgres(), makePgliteTemplate(template)])
  process.env['TEST_DATABASE_URL'] = server.url
  process.env[TEMPLATE_VARIABLE] = template
  return async () => {
    await server.stop()
    await rm(template, { recursive: true, force: true })
  }
}
