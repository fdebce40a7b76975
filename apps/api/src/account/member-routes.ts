import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { clearSessionCookie } from './session-cookie.ts'
import { IdParams, Member, MemberChange, MemberList } from './member-schemas.ts'
import type { MemberRow, Members } from './members.ts'
import type { RequireSession } from './require-session.ts'
import type { Sessions } from './sessions.ts'

interface MemberRoutesOptions {
  members: Members
  sessions: Sessions
  requireSession: RequireSession
}

/** Who is in the workspace. Everybody in it may see that; owners and admins change it. */
export const memberRoutes: FastifyPluginAsyncTypebox<MemberRoutesOptions> = async (
  app,
  { members, sessions, requireSession },
) => {
  const common = { tags: ['Members'], security: [{ session: [] }] }

  app.get(
    '/v1/members',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'listMembers',
        summary: 'List the members of the workspace',
        response: { 200: MemberList, ...problemReplies(401, 503) },
      },
    },
    async (request) => {
      const rows = await members.list(request.signedIn!.workspace.id)
      return { data: rows.map(toMember) }
    },
  )

  app.get(
    '/v1/members/:id',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'getMember',
        summary: 'Read a member',
        params: IdParams,
        response: { 200: Member, ...problemReplies(400, 401, 404, 503) },
      },
    },
    async (request) => {
      const found = await members.find(request.signedIn!.workspace.id, request.params.id)
      if (found === null) throw new ProblemError('not_found')
      return toMember(found)
    },
  )

  app.patch(
    '/v1/members/:id',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'changeMember',
        summary: 'Give a member another role',
        description:
          'Only an owner makes owners and changes them, and never the last one. The sessions of the member end, ' +
          'and the invitations that they made; your own session gets a new cookie instead.',
        params: IdParams,
        body: MemberChange,
        response: { 200: Member, ...problemReplies(400, 401, 403, 404, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const changed = await members.changeRole(
        request,
        request.signedIn!,
        request.params.id,
        request.body.role,
      )
      if (!changed.ok) throw refusal(changed.reason)
      const renewed = changed.isSelf ? await sessions.renew(request) : null
      if (renewed !== null) void reply.header('set-cookie', renewed.setCookie)
      return toMember(changed.member)
    },
  )

  app.delete(
    '/v1/members/:id',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'removeMember',
        summary: 'Remove a member, or leave',
        description:
          'Ends the sessions of the member. Keys belong to the workspace: those that the member made go on working.',
        params: IdParams,
        response: { 204: removed, ...problemReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const { user } = request.signedIn!
      const member = await members.find(request.signedIn!.workspace.id, request.params.id)
      const result = await members.remove(request, request.signedIn!, request.params.id)
      if (!result.ok) throw refusal(result.reason)
      if (member?.userId === user.id) clearSessionCookie(reply)
      return reply.code(204).send(null)
    },
  )
}

const removed = Type.Null({ description: 'The person is in the workspace no more.' })

function refusal(reason: 'not_found' | 'forbidden' | 'last_owner'): Error {
  return reason === 'last_owner' ? new AppProblem(reason) : new ProblemError(reason)
}

function toMember({ id, userId, name, email, role, createdAt }: MemberRow): Member {
  return { id, userId, name, email, role, createdAt: createdAt.toISOString() }
}
