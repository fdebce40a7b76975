import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import { attempts } from './attempts.ts'
import { replyWithSession } from './begun-session.ts'
import type { InvitationRow, Invitations } from './invitations.ts'
import {
  Acceptance,
  CreatedInvitation,
  IdParams,
  InvitationList,
  InvitationToken,
  NewInvitation,
  OpenInvitation,
  type Invitation,
} from './member-schemas.ts'
import { refuseWeak } from './refuse-weak.ts'
import type { RequireSession } from './require-session.ts'
import { Session } from './schemas.ts'
import type { Sessions, SignedIn } from './sessions.ts'

interface InvitationRoutesOptions {
  invitations: Invitations
  sessions: Sessions
  requireSession: RequireSession
}

/** How others come in: owners and admins make links, and whoever has one accepts it. */
export const invitationRoutes: FastifyPluginAsyncTypebox<InvitationRoutesOptions> = async (
  app,
  { invitations, sessions, requireSession },
) => {
  const tags = ['Members']
  const bySession = [{ session: [] }]

  app.get(
    '/v1/invitations',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'listInvitations',
        tags,
        summary: 'List the open invitations',
        security: bySession,
        response: { 200: InvitationList, ...problemReplies(401, 403, 503) },
      },
    },
    async (request) => {
      const { workspace } = requireManager(request)
      return { data: (await invitations.list(workspace.id)).map(toInvitation) }
    },
  )

  app.post(
    '/v1/invitations',
    {
      config: attempts,
      onRequest: requireSession,
      schema: {
        operationId: 'createInvitation',
        tags,
        summary: 'Invite somebody',
        description:
          'The token is shown this once: give its link to the person yourself. It works once, for a week, for this ' +
          'e-mail address; an open invitation to the same address ends. Only an owner invites owners.',
        security: bySession,
        body: NewInvitation,
        response: { 201: CreatedInvitation, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const made = await invitations.create(request, request.signedIn!, request.body)
      if (!made.ok)
        throw made.reason === 'forbidden' ? new ProblemError(made.reason) : new AppProblem(made.reason)
      void reply.code(201)
      return { invitation: toInvitation(made.invitation), token: made.token }
    },
  )

  app.delete(
    '/v1/invitations/:id',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'revokeInvitation',
        tags,
        summary: 'Revoke an invitation',
        security: bySession,
        params: IdParams,
        response: { 204: revoked, ...problemReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { workspace } = requireManager(request)
      if (!(await invitations.revoke(workspace.id, request.params.id))) throw new ProblemError('not_found')
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/invitation/read',
    {
      config: attempts,
      schema: {
        operationId: 'readInvitation',
        tags,
        summary: 'What does a link invite to?',
        security: [],
        body: InvitationToken,
        response: { 200: OpenInvitation, ...problemReplies(400, 403, 413, 415, 429, 503) },
      },
    },
    async (request) => {
      const found = await invitations.read(request.body.token)
      if (found === null) throw new AppProblem('invalid_invitation')
      return { ...found, expiresAt: found.expiresAt.toISOString() }
    },
  )

  app.post(
    '/v1/invitation/accept',
    {
      config: attempts,
      schema: {
        operationId: 'acceptInvitation',
        tags,
        summary: 'Make an account by an invitation',
        description: 'For the e-mail address that was invited. The reply sets the session cookie.',
        security: [],
        body: Acceptance,
        response: { 201: Session, ...problemReplies(400, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { token, password } = request.body
      const found = await invitations.read(token)
      if (found === null) throw new AppProblem('invalid_invitation')
      refuseWeak(password, found.email, 'password')
      const accepted = await invitations.accept(token, { name: tidy(request.body.name), password })
      if (!accepted.ok) throw new AppProblem(accepted.reason)
      const begun = await sessions.begin(request, { email: accepted.email, password })
      if (!begun.ok) throw new AppProblem(begun.reason)
      void reply.code(201)
      return replyWithSession(reply, begun)
    },
  )

  app.post(
    '/v1/invitation/join',
    {
      config: attempts,
      onRequest: requireSession,
      schema: {
        operationId: 'joinWorkspace',
        tags,
        summary: 'Join by an invitation',
        description:
          'For people who have an account. The session is in that workspace from then on, under a new cookie.',
        security: bySession,
        body: InvitationToken,
        response: { 200: Session, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const joined = await invitations.join(request, request.signedIn!, request.body.token)
      if (!joined.ok) throw new AppProblem(joined.reason)
      const begun = await sessions.renew(request)
      if (begun === null) throw new AppProblem('no_workspace')
      return replyWithSession(reply, begun)
    },
  )
}

const revoked = Type.Null({ description: 'The link works no more.' })

/** Links are the business of those who may invite. */
function requireManager({ signedIn }: FastifyRequest): SignedIn {
  if (signedIn!.role === 'owner' || signedIn!.role === 'admin') return signedIn!
  throw new ProblemError('forbidden')
}

function toInvitation({ createdAt, expiresAt, ...invitation }: InvitationRow): Invitation {
  return { ...invitation, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() }
}
