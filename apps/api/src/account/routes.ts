import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import { attempts } from './attempts.ts'
import { replyWithSession, toSession } from './begun-session.ts'
import type { Invitations } from './invitations.ts'
import { invitationRoutes } from './invitation-routes.ts'
import { memberRoutes } from './member-routes.ts'
import { WorkspaceChoice } from './member-schemas.ts'
import type { Members } from './members.ts'
import type { OpenId } from './openid.ts'
import { openIdRoutes } from './openid-routes.ts'
import type { Passkeys } from './passkeys.ts'
import { passkeyRoutes } from './passkey-routes.ts'
import { passkeySignInRoutes } from './passkey-sign-in-routes.ts'
import type { Reauthentication } from './reauthentication.ts'
import { reauthenticationRoutes } from './reauthentication-routes.ts'
import { refuseWeak } from './refuse-weak.ts'
import { createRequireSession } from './require-session.ts'
import { Credentials, PasswordChange, Session, SetUpBody, SetUpStatus } from './schemas.ts'
import { forgetSession, signedOut } from './forget-session.ts'
import type { SecondFactor } from './second-factor.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { sessionListRoutes } from './session-list-routes.ts'
import type { Sessions } from './sessions.ts'
import type { SetUp } from './set-up.ts'

interface AccountRoutesOptions {
  sessions: Sessions
  setUp: SetUp
  secondFactor: SecondFactor
  passkeys: Passkeys
  reauthentication: Reauthentication
  members: Members
  invitations: Invitations
  openId: OpenId | null
  openIdName: string | null
}

const bySession = [{ session: [] }]
const open: Record<string, string[]>[] = []

/** How people get in and out. None of these routes takes a key. */
export const accountRoutes: FastifyPluginAsyncTypebox<AccountRoutesOptions> = async (
  app,
  { sessions, setUp, secondFactor, passkeys, reauthentication, members, invitations, openId, openIdName },
) => {
  app.decorateRequest('signedIn', null)

  const requireSession = createRequireSession(sessions)
  await app.register(sessionListRoutes, { sessions, requireSession })
  await app.register(secondFactorRoutes, { secondFactor, sessions, requireSession })
  await app.register(openIdRoutes, {
    ...{ openId, requireSession },
    providerName: openIdName,
    hasPassword: reauthentication.hasPassword,
  })
  await app.register(passkeySignInRoutes, { passkeys })
  await app.register(passkeyRoutes, { passkeys, requireSession })
  await app.register(reauthenticationRoutes, { reauthentication, requireSession })
  await app.register(memberRoutes, { members, sessions, requireSession })
  await app.register(invitationRoutes, { invitations, sessions, requireSession })

  /** Begins a session and tells whose it is; the cookie travels in the reply's headers alone. */
  async function signIn(
    request: FastifyRequest,
    reply: FastifyReply,
    person: { email: string; password: string },
  ) {
    const begun = await sessions.begin(request, person)
    if (!begun.ok) {
      if ('setCookie' in begun) void reply.header('set-cookie', begun.setCookie)
      throw new AppProblem(begun.reason)
    }
    return replyWithSession(reply, begun)
  }

  app.get(
    '/v1/setup',
    {
      schema: {
        operationId: 'getSetup',
        tags: ['Account'],
        summary: 'Is the first account still to be created?',
        security: open,
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: SetUpStatus, ...problemReplies(400, 503) },
      },
    },
    async () => ({ needed: await setUp.isNeeded() }),
  )

  app.post(
    '/v1/setup',
    {
      config: attempts,
      schema: {
        operationId: 'setUp',
        tags: ['Account'],
        summary: 'Create the first account and its workspace',
        description: 'Takes the token of the one-time link that the program printed at its first start.',
        security: open,
        body: SetUpBody,
        response: { 201: Session, ...problemReplies(400, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { token, password, ...names } = request.body
      const [name, workspaceName] = [tidy(names.name), tidy(names.workspaceName)]
      if (!(await setUp.isNeeded())) throw new AppProblem('already_set_up')
      refuseWeak(password, names.email, 'password')
      const created = await setUp.redeemLink(token, { name, workspaceName, email: names.email, password })
      if (!created) throw new AppProblem('invalid_setup_token')
      void reply.code(201)
      return signIn(request, reply, { email: names.email, password })
    },
  )

  app.post(
    '/v1/session',
    {
      config: attempts,
      schema: {
        operationId: 'signIn',
        tags: ['Account'],
        summary: 'Sign in',
        description:
          'The reply sets the session cookie. Whatever session the browser had before ends. For a person with a second ' +
          'factor it is 401 `second_factor_required`, with a cookie for the second step.',
        security: open,
        body: Credentials,
        response: { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    (request, reply) => signIn(request, reply, request.body),
  )

  app.get(
    '/v1/session',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'getSession',
        tags: ['Account'],
        summary: 'Who is signed in?',
        security: bySession,
        response: { 200: Session, ...problemReplies(401, 503) },
      },
    },
    async (request) => toSession(request.signedIn!),
  )

  app.delete(
    '/v1/session',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'signOut',
        tags: ['Account'],
        summary: 'Sign out',
        security: bySession,
        response: { 204: signedOut, ...problemReplies(401, 403, 503) },
      },
    },
    async (request, reply) => {
      await sessions.end(request.signedIn!.token)
      return forgetSession(reply)
    },
  )

  app.put(
    '/v1/session/workspace',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'switchWorkspace',
        tags: ['Account'],
        summary: 'Go to another workspace',
        description: 'The session is in that workspace from then on, under a new cookie.',
        security: bySession,
        body: WorkspaceChoice,
        response: { 200: Session, ...problemReplies(400, 401, 403, 404, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const begun = await sessions.switchWorkspace(request, request.body.workspaceId)
      if (begun === null) throw new ProblemError('not_found')
      return replyWithSession(reply, begun)
    },
  )

  app.post(
    '/v1/password',
    {
      config: attempts,
      onRequest: requireSession,
      schema: {
        operationId: 'changePassword',
        tags: ['Account'],
        summary: 'Change the password',
        description:
          'Ends every other session of the person, and renews this one: the reply sets a new cookie.',
        security: bySession,
        body: PasswordChange,
        response: { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { email } = request.signedIn!.user
      const { currentPassword, newPassword } = request.body
      refuseWeak(newPassword, email, 'newPassword')
      const changed = await sessions.changePassword(request, { currentPassword, newPassword })
      if (changed === null) throw new AppProblem('wrong_password')
      return replyWithSession(reply, changed)
    },
  )
}
