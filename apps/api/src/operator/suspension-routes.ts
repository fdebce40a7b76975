import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { authorOf } from './looks.ts'
import type { OperatorContext } from './routes.ts'
import { SuspendedWorkspace, SuspendWorkspace, WorkspaceParams } from './schemas.ts'
import { toWorkspace } from './to-json.ts'

/** How a workspace is stopped, and goes on. What is about to be done is recorded first, and once more with the change. */
export const suspensionRoutes: FastifyPluginAsyncTypebox<OperatorContext> = async (
  app,
  { latchkey, workspaces, recordLook, onRequest, common },
) => {
  app.put(
    '/v1/operator/workspaces/:id/suspension',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'suspendWorkspace',
        summary: 'Suspend a workspace',
        description:
          'Every key of the workspace is refused on every node from now on, with 403 `owner_suspended`, and none can be made ' +
          'or changed. No key is changed by it. Its people are told the reason.',
        params: WorkspaceParams,
        body: SuspendWorkspace,
        response: { 200: SuspendedWorkspace, ...problemReplies(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async (request) => {
      const { id: workspaceId } = request.params
      await recordLook(request, { operation: 'suspendWorkspace', details: { workspaceId } })
      await workspaces.get(workspaceId)
      const suspended = await latchkey.owners.suspend(workspaceId, request.body.reason, authorOf(request))
      if (!suspended.ok) {
        if (suspended.reason === 'suspended') throw new AppProblem('already_suspended')
        const { field, message } = suspended
        throw new ProblemError('invalid_request', { errors: [{ field, message }] })
      }
      return { workspace: toWorkspace(await workspaces.get(workspaceId)), receipt: suspended.receipt }
    },
  )

  app.delete(
    '/v1/operator/workspaces/:id/suspension',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'liftSuspension',
        summary: 'Lift the suspension of a workspace',
        description: 'Its keys are as good as they were.',
        params: WorkspaceParams,
        response: { 204: lifted, ...problemReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id: workspaceId } = request.params
      await recordLook(request, { operation: 'liftSuspension', details: { workspaceId } })
      await workspaces.get(workspaceId)
      await latchkey.owners.liftSuspension(workspaceId, authorOf(request))
      return reply.code(204).send(null)
    },
  )
}

const lifted = Type.Null({ description: 'It is not suspended.' })
