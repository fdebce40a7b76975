import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { AppProblem, type AppProblemCode } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { attempts } from './attempts.ts'
import { replyWithSession } from './begun-session.ts'
import type { OpenId } from './openid.ts'
import { attemptSeconds } from './openid-attempts.ts'
import {
  OpenIdBeginning,
  OpenIdConnection,
  OpenIdCallback,
  OpenIdSent,
  OpenIdStatus,
} from './openid-schemas.ts'
import { clearOpenIdCookie, keepOpenIdCookie, readOpenIdCookie } from './openid-cookie.ts'
import { requireRecent } from './require-recent.ts'
import { signInFirst, type RequireSession } from './require-session.ts'
import { Session } from './schemas.ts'

interface OpenIdRoutesOptions {
  /** Null while no provider is set up. */
  openId: OpenId | null
  /** What people call the provider. */
  providerName: string | null
  /** Whether a person can sign in by a password. */
  hasPassword: (userId: string) => Promise<boolean>
  requireSession: RequireSession
}

/** Sign-in by an OpenID provider. The dashboard sends browsers there, and hands in what they come back with. */
export const openIdRoutes: FastifyPluginAsyncTypebox<OpenIdRoutesOptions> = async (
  app,
  { openId, providerName, hasPassword, requireSession },
) => {
  const common = { tags: ['Account'], security: [{ session: [] }] }
  const provider = providerName === null ? null : { name: providerName }

  function requireProvider(): OpenId {
    if (openId === null) throw new ProblemError('not_found', { detail: 'No OpenID provider is set up.' })
    return openId
  }

  function sendAway(reply: FastifyReply, { location, browser }: { location: string; browser: string }) {
    keepOpenIdCookie(reply, browser, attemptSeconds)
    return { location }
  }

  app.get(
    '/v1/openid',
    {
      schema: {
        ...common,
        operationId: 'getOpenId',
        summary: 'Is there an OpenID provider to sign in by?',
        security: [],
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: OpenIdStatus, ...problemReplies(400, 503) },
      },
    },
    async () => ({ provider }),
  )

  app.post(
    '/v1/openid/sign-in',
    {
      config: attempts,
      schema: {
        ...common,
        operationId: 'beginOpenIdSignIn',
        summary: 'Sign in by the OpenID provider: the way there',
        description: 'The reply sets a cookie without which the way back leads nowhere.',
        security: [],
        body: OpenIdBeginning,
        response: { 200: OpenIdSent, ...problemReplies(400, 403, 404, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const begun = await requireProvider().begin(request, request.body.invitation)
      if (!begun.ok) throw problemOf(begun.reason)
      return sendAway(reply, begun)
    },
  )

  app.post(
    '/v1/openid/callback',
    {
      config: attempts,
      schema: {
        ...common,
        operationId: 'finishOpenIdSignIn',
        summary: 'Sign in by the OpenID provider: the way back',
        description:
          'What the provider sent the browser back with, once, with the cookie of that browser. For a person with a ' +
          'second factor it is 401 `second_factor_required`, as after a password.',
        security: [],
        body: OpenIdCallback,
        response: { 200: Session, ...problemReplies(400, 401, 403, 404, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const finished = await requireProvider().finish(request, request.body, readOpenIdCookie(request))
      if (finished.ok || finished.reason !== 'openid_expired') clearOpenIdCookie(reply)
      if (finished.ok) return replyWithSession(reply, finished)
      if ('setCookie' in finished) void reply.header('set-cookie', finished.setCookie)
      throw problemOf(finished.reason)
    },
  )

  app.get(
    '/v1/openid/connection',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'getOpenIdConnection',
        summary: 'Are you connected with the OpenID provider?',
        response: { 200: OpenIdConnection, ...problemReplies(401, 503) },
      },
    },
    async (request) => {
      const { id } = request.signedIn!.user
      const connectedAt = (await openId?.connectedAt(id)) ?? null
      return {
        provider,
        connectedAt: connectedAt?.toISOString() ?? null,
        hasPassword: await hasPassword(id),
      }
    },
  )

  app.post(
    '/v1/openid/connection',
    {
      config: attempts,
      onRequest: [requireSession, requireRecent],
      schema: {
        ...common,
        operationId: 'beginOpenIdConnection',
        summary: 'Connect with the OpenID provider',
        description:
          'Needs a proof of the last ten minutes of who you are. The way there; the way back is that of a sign-in. It ' +
          'ends every other session, and renews this one.',
        response: { 200: OpenIdSent, ...problemReplies(401, 403, 404, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const begun = await requireProvider().beginConnecting(request)
      if (!begun.ok) throw problemOf(begun.reason)
      return sendAway(reply, begun)
    },
  )

  app.delete(
    '/v1/openid/connection',
    {
      config: attempts,
      onRequest: [requireSession, requireRecent],
      schema: {
        ...common,
        operationId: 'removeOpenIdConnection',
        summary: 'Disconnect from the OpenID provider',
        description:
          'Needs a proof of the last ten minutes of who you are, and another way in. Ends every other session, and ' +
          'renews this one: the reply sets a new cookie.',
        response: { 200: Session, ...problemReplies(401, 403, 404, 409, 429, 503) },
      },
    },
    async (request, reply) => {
      const removed = await requireProvider().disconnect(request)
      if (!removed.ok) throw problemOf(removed.reason)
      return replyWithSession(reply, removed)
    },
  )
}

function problemOf(reason: AppProblemCode | 'openid_unavailable' | 'unauthenticated'): Error {
  if (reason === 'unauthenticated') return signInFirst()
  if (reason !== 'openid_unavailable') return new AppProblem(reason)
  const detail = 'The OpenID provider gives no valid answer right now. Try again later, or use a password.'
  return new ProblemError('unavailable', { detail })
}
