import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import { problemReplies } from '../problem-replies.ts'
import { forgetSession, signedOut } from './forget-session.ts'
import { IdParams } from './member-schemas.ts'
import type { RequireSession } from './require-session.ts'
import { SessionList, type LiveSession } from './schemas.ts'
import type { LiveSession as LiveSessionRow, Sessions } from './sessions.ts'

interface SessionListRoutesOptions {
  sessions: Sessions
  requireSession: RequireSession
}

/** Where a person is signed in, and how that ends. Everybody sees and ends their own alone. */
export const sessionListRoutes: FastifyPluginAsyncTypebox<SessionListRoutesOptions> = async (
  app,
  { sessions, requireSession },
) => {
  const common = { tags: ['Account'], security: [{ session: [] }] }

  app.get(
    '/v1/sessions',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'listSessions',
        summary: 'Where are you signed in?',
        response: { 200: SessionList, ...problemReplies(401, 503) },
      },
    },
    async (request) => {
      const { user, sessionId } = request.signedIn!
      return { data: (await sessions.list(user.id)).map((row) => toLiveSession(row, sessionId)) }
    },
  )

  app.delete(
    '/v1/sessions',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'signOutEverywhere',
        summary: 'Sign out everywhere',
        description:
          'Ends every session of the person who asks, on every device; with `except=current` all but this one.',
        querystring: Type.Object(
          { except: Type.Optional(Type.Enum(['current'], { type: 'string' })) },
          { additionalProperties: false },
        ),
        response: { 204: signedOut, ...problemReplies(400, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      if (request.query.except === 'current') {
        await sessions.endOthers(request.signedIn!)
        return reply.code(204).send(null)
      }
      await sessions.endAll(request.signedIn!.user.id)
      return forgetSession(reply)
    },
  )

  app.delete(
    '/v1/sessions/:id',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'endSession',
        summary: 'Sign out on one device',
        params: IdParams,
        response: { 204: signedOut, ...problemReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { user, sessionId } = request.signedIn!
      const { id } = request.params
      if (!(await sessions.endOne(user.id, id))) throw new ProblemError('not_found')
      return id === sessionId ? forgetSession(reply) : reply.code(204).send(null)
    },
  )
}

function toLiveSession({ userAgent, address, ...row }: LiveSessionRow, currentId: string): LiveSession {
  return {
    id: row.id,
    userAgent: userAgent ?? '',
    address: address ?? '',
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    current: row.id === currentId,
  }
}
