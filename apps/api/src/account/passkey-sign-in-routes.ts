import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { attempts } from './attempts.ts'
import { replyWithSession } from './begun-session.ts'
import { PasskeyProof, PasskeyRequest } from './passkey-schemas.ts'
import type { Passkeys } from './passkeys.ts'
import { Session } from './schemas.ts'
import { clearPasskeyCookie } from './session-cookie.ts'

interface PasskeySignInRoutesOptions {
  passkeys: Passkeys
}

/** Signing in with a passkey: a challenge, and its answer. */
export const passkeySignInRoutes: FastifyPluginAsyncTypebox<PasskeySignInRoutesOptions> = async (
  app,
  { passkeys },
) => {
  const open = { tags: ['Account'], security: [] }

  app.post(
    '/v1/session/passkey/challenge',
    {
      config: attempts,
      schema: {
        ...open,
        operationId: 'beginPasskeySignIn',
        summary: 'Sign in with a passkey: the challenge',
        description: 'The reply sets a cookie for the browser that is to answer it.',
        response: { 200: PasskeyRequest, ...problemReplies(400, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { options, setCookie } = await passkeys.beginSignIn(request)
      void reply.header('set-cookie', setCookie)
      return options
    },
  )

  app.post(
    '/v1/session/passkey',
    {
      config: attempts,
      schema: {
        ...open,
        operationId: 'signInWithPasskey',
        summary: 'Sign in with a passkey',
        description:
          'The answer to the challenge. A passkey stands for both factors, so no code is asked for. ' +
          'The reply sets the session cookie. Whatever session the browser had before ends.',
        body: PasskeyProof,
        response: { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const begun = await passkeys.signIn(request, request.body.credential)
      if (!begun.ok) throw new AppProblem(begun.reason)
      const session = replyWithSession(reply, begun)
      clearPasskeyCookie(reply)
      return session
    },
  )
}
