import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppProblem, challenge } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import { judgePassword } from './password.ts'
import { Credentials, PasswordChange, Session, SetUpBody, SetUpStatus } from './schemas.ts'
import { clearSessionCookie, hasSessionCookie } from './session-cookie.ts'
import type { Sessions, SignedIn } from './sessions.ts'
import type { SetUp } from './set-up.ts'

interface AccountRoutesOptions {
  sessions: Sessions
  setUp: SetUp
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on routes that need a session; null elsewhere. */
    signedIn: SignedIn | null
  }
}

/** Slow enough for a guesser, out of the way of a person: per client address and route. */
const attempts = { rateLimit: { max: 20, timeWindow: '1 minute' } }

const bySession = [{ session: [] }]
const open: Record<string, string[]>[] = []

/** How people get in and out. None of these routes takes a key. */
export const accountRoutes: FastifyPluginAsyncTypebox<AccountRoutesOptions> = async (
  app,
  { sessions, setUp },
) => {
  app.decorateRequest('signedIn', null)

  /** Before any body is read, so that nobody but a signed-in person has one parsed. */
  async function requireSession(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    request.signedIn = await sessions.read(request)
    if (request.signedIn !== null) return
    if (hasSessionCookie(request)) clearSessionCookie(reply)
    throw new ProblemError('unauthenticated', { detail: 'Sign in first.', headers: challenge })
  }

  /** Begins a session and tells whose it is; the cookie travels in the reply's headers alone. */
  async function signIn(
    request: FastifyRequest,
    reply: FastifyReply,
    person: { email: string; password: string },
  ) {
    const begun = await sessions.begin(request, person)
    if (!begun.ok) throw new AppProblem(begun.reason)
    void reply.header('set-cookie', begun.setCookie)
    return toSession(begun.signedIn)
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
        description: 'The reply sets the session cookie. Whatever session the browser had before ends.',
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
      return forget(reply)
    },
  )

  app.delete(
    '/v1/sessions',
    {
      onRequest: requireSession,
      schema: {
        operationId: 'signOutEverywhere',
        tags: ['Account'],
        summary: 'Sign out everywhere',
        description: 'Ends every session of the person who asks, on every device.',
        security: bySession,
        response: { 204: signedOut, ...problemReplies(401, 403, 503) },
      },
    },
    async (request, reply) => {
      await sessions.endAll(request.signedIn!.user.id)
      return forget(reply)
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
      void reply.header('set-cookie', changed.setCookie)
      return toSession(changed.signedIn)
    },
  )
}

const signedOut = Type.Null({ description: 'The session is over.' })

function forget(reply: FastifyReply): FastifyReply {
  clearSessionCookie(reply)
  return reply.header('clear-site-data', '"cache", "cookies", "storage"').code(204).send()
}

function refuseWeak(password: string, email: string, field: string): void {
  const complaint = judgePassword(password, email)
  if (complaint === null) return
  throw new ProblemError('invalid_request', { errors: [{ field, message: complaint }] })
}

function toSession({ user, workspace, role, expiresAt }: SignedIn): Session {
  return { user, workspace, role, expiresAt: expiresAt.toISOString() }
}
