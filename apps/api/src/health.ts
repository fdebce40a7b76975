import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import type { AppDatabase } from './database/app-database.ts'
import { isMigrated } from './database/migrate.ts'
import { problemReplies } from './problem-replies.ts'

const Health = Type.Object({ status: Type.Literal('ok') })
const healthy = { status: 'ok' } as const

interface HealthRoutesOptions {
  db: AppDatabase
  /** False from the moment the program was told to stop. */
  isOpen: () => boolean
}

/** For whatever watches over the program. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { db, isOpen }) => {
  app.get(
    '/healthz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getHealth',
        tags: ['Health'],
        summary: 'Is the process alive?',
        description: 'Asks nothing of the database: a restart would not bring that back.',
        security: [],
        response: { 200: Health },
      },
    },
    async () => healthy,
  )

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getReadiness',
        tags: ['Health'],
        summary: 'Should requests be sent here?',
        description:
          'Yes while the database answers, its tables are those of this version, and nobody stops it.',
        security: [],
        response: { 200: Health, ...problemReplies(503) },
      },
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
