import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import type { AppDatabase } from './database/app-database.ts'
import { isMigrated } from './database/migrate.ts'

const Health = Type.Object({ status: Type.Literal('ok') })
const healthy = { status: 'ok' } as const

interface HealthRoutesOptions {
  db: AppDatabase
  /** False from the moment the program was told to stop. */
  isOpen: () => boolean
}

/** For whatever watches over the program, not for its callers: so they stand in no document. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { db, isOpen }) => {
  app.get(
    '/healthz',
    {
      logLevel: 'warn',
      schema: { hide: true, response: { 200: Health } },
    },
    // Asks nothing of the database: a restart would not bring that back.
    async () => healthy,
  )

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      handlerTimeout: 2_000,
      schema: { hide: true, response: { 200: Health } },
    },
    async () => {
      if (!isOpen()) throw new ProblemError('unavailable', { detail: 'The program is stopping.' })
      if (!(await isMigrated(db))) {
        throw new ProblemError('unavailable', { detail: 'The database has the tables of another version.' })
      }
      return healthy
    },
  )
}
