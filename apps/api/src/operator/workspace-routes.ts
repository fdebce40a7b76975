import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import type { OperatorContext } from './routes.ts'
import { OperatorWorkspace, OperatorWorkspaceList, WorkspaceParams, WorkspaceQuery } from './schemas.ts'
import { toWorkspace } from './to-json.ts'

/** Which workspaces there are. */
export const workspaceRoutes: FastifyPluginAsyncTypebox<OperatorContext> = async (
  app,
  { workspaces, recordLook, onRequest, common },
) => {
  app.get(
    '/v1/operator/workspaces',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'listAllWorkspaces',
        summary: 'List all workspaces',
        querystring: WorkspaceQuery,
        response: { 200: OperatorWorkspaceList, ...problemReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { limit = 25, cursor, q, suspended } = request.query
      const { rows, next } = await workspaces.list({
        ...{ limit, after: cursor === undefined ? null : afterOf(cursor) },
        ...{ q: tidy(q ?? '') || null, suspended: suspended ?? null },
      })
      const details = { q: q ?? null, suspended: suspended ?? null, shown: rows.length }
      // Who is searched for is looked at; a page of all of them is about nobody.
      const concerns = q === undefined ? [] : rows.map(({ id }) => ({ workspaceId: id }))
      await recordLook(request, { operation: 'listAllWorkspaces', details, concerns })
      return { data: rows.map(toWorkspace), nextCursor: next && Buffer.from(next).toString('base64url') }
    },
  )

  app.get(
    '/v1/operator/workspaces/:id',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'getAnyWorkspace',
        summary: 'Read any workspace',
        description: 'Its owners see in their audit trail that an operator looked.',
        params: WorkspaceParams,
        response: { 200: OperatorWorkspace, ...problemReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id: workspaceId } = request.params
      const row = await workspaces.find(workspaceId)
      const concerns = row === null ? [] : [{ workspaceId }]
      await recordLook(request, { operation: 'getAnyWorkspace', details: { workspaceId }, concerns })
      if (row === null) throw new ProblemError('not_found')
      return toWorkspace(row)
    },
  )
}

/** The id of the last workspace on the page before. */
function afterOf(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString()
  if (/^workspace_[0-9a-z]{26}$/.test(id)) return id
  const errors = [{ field: 'cursor', message: 'is not the nextCursor of a page' }]
  throw new ProblemError('invalid_request', { errors })
}
