import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from './child.ts'
import { createLatchkey } from '@latchkey/engine'
import { SCOPES } from './bulk-load.ts'
import { takeTurns } from './rounds.ts'
import { withDatabase, type Setting } from './setting.ts'
import { spreadOf, type Spread } from './statistics.ts'

/** Milliseconds from the start of the process until the server listens, by what it starts with. */
export type StartUpFigures = Record<string, Spread>

/** How long a server takes until it listens. */
export async function measureStartUp(setting: Setting): Promise<StartUpFigures> {
  return withDatabase(setting, async ({ url: databaseUrl }) => {
    const folder = mkdtempSync(join(setting.folder, 'embedded-'))
    await (await createLatchkey({ database: databaseUrl, scopes: SCOPES })).close()
    await (await createLatchkey({ database: folder, scopes: SCOPES })).close()
    const starts = [
      { id: 'no authentication', settings: () => ({ contender: 'none' }) },
      { id: 'Latchkey on Postgres', settings: () => ({ contender: 'latchkey', databaseUrl }) },
      {
        id: 'Latchkey on an embedded Postgres',
        settings: () => ({ contender: 'latchkey', databaseUrl: folder }),
      },
      {
        id: 'Latchkey on an embedded Postgres that it makes first',
        settings: () => ({
          contender: 'latchkey',
          databaseUrl: mkdtempSync(join(setting.folder, 'new-embedded-')),
        }),
      },
    ]
    const results = await takeTurns(starts, 7, async ({ id, settings }) => {
      setting.tell(id)
      const server = await startChild('server.ts', { core: setting.cores.measured, settings: settings() })
      await server.stop()
      return server.readyAfterMs
    })
    return Object.fromEntries([...results].map(([id, times]) => [id, spreadOf(times)]))
  })
}
