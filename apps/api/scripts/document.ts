import { randomBytes } from 'node:crypto'
import { openDatabase } from '@latchkey/fastify'
import { buildApp } from '../src/app.ts'
import { migrate } from '../src/database/migrate.ts'

/** The OpenAPI document of the whole API, as /openapi.json shows it, without a server. */
export async function createDocument(): Promise<object> {
  const database = await openDatabase('memory:')
  try {
    await migrate(database.drizzle)
    const { server } = await buildApp({
      database,
      secret: randomBytes(32).toString('base64url'),
      dashboardUrl: new URL('http://localhost:4000'),
      logLevel: 'silent',
      trustProxy: false,
    })
    const document = server.swagger()
    await server.close()
    return document
  } finally {
    await database.close()
  }
}
