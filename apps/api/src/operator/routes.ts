import type { Latchkey } from '@latchkey/fastify'
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from 'fastify'
import type { RequireSession } from '../account/require-session.ts'
import type { AppDatabase } from '../database/app-database.ts'
import { findKeyRoute } from './find-key-route.ts'
import { healthRoute } from './health-route.ts'
import { createLooks, type RecordLook } from './looks.ts'
import { requireOperator } from './require-operator.ts'
import { suspensionRoutes } from './suspension-routes.ts'
import { workspaceRoutes } from './workspace-routes.ts'
import { createWorkspaces, type Workspaces } from './workspaces.ts'

/** What each of the routes for operators works with. */
export interface OperatorContext {
  latchkey: Latchkey
  workspaces: Workspaces
  recordLook: RecordLook
  /** Nobody but an operator gets past. */
  onRequest: onRequestAsyncHookHandler[]
  common: { tags: string[]; security: Record<string, string[]>[] }
}

interface OperatorRoutesOptions {
  db: AppDatabase
  requireSession: RequireSession
}

/**
 * For the people who run the platform. Each route records what it is about to show or do, and answers 503 when that
 * cannot be recorded.
 */
export const operatorRoutes: FastifyPluginAsync<OperatorRoutesOptions> = async (
  app,
  { db, requireSession },
) => {
  app.decorateRequest('signedIn', null)
  const { latchkey } = app
  const context: OperatorContext = {
    latchkey,
    workspaces: createWorkspaces(db, latchkey.directory),
    recordLook: createLooks(latchkey.audit),
    onRequest: [requireSession, requireOperator],
    common: { tags: ['Operators'], security: [{ session: [] }] },
  }
  await app.register(workspaceRoutes, context)
  await app.register(suspensionRoutes, context)
  await app.register(findKeyRoute, context)
  await app.register(healthRoute, context)
}
