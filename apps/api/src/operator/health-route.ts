import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problemReplies } from '../problem-replies.ts'
import type { OperatorContext } from './routes.ts'
import { PlatformHealth } from './schemas.ts'
import { toNode } from './to-json.ts'

/** How the nodes and their feed of changes are. */
export const healthRoute: FastifyPluginAsyncTypebox<OperatorContext> = async (
  app,
  { latchkey, recordLook, onRequest, common },
) => {
  app.get(
    '/v1/operator/health',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'getPlatformHealth',
        summary: 'How are the nodes and their feed of changes?',
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: PlatformHealth, ...problemReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const askedAt = performance.now()
      await latchkey.ready()
      const databaseMs = Math.round((performance.now() - askedAt) * 10) / 10
      const nodes = await latchkey.nodes.list()
      await recordLook(request, { operation: 'getPlatformHealth' })
      return { nodes: nodes.map(toNode), databaseMs }
    },
  )
}
