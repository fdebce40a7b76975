import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { attempts } from './attempts.ts'
import { replyWithSession } from './begun-session.ts'
import type { Reauthentication } from './reauthentication.ts'
import { signInFirst, type RequireSession } from './require-session.ts'
import { PasskeyProof } from './passkey-schemas.ts'
import { Session } from './schemas.ts'
import { PasswordProof } from './second-factor-schemas.ts'
import { clearPasskeyCookie } from './session-cookie.ts'

interface ReauthenticationRoutesOptions {
  reauthentication: Reauthentication
  requireSession: RequireSession
}

/** What opens the routes that answer `reauthentication_required`, for the ten minutes after it. */
export const reauthenticationRoutes: FastifyPluginAsyncTypebox<ReauthenticationRoutesOptions> = async (
  app,
  { reauthentication, requireSession },
) => {
  const common = { tags: ['Account'], security: [{ session: [] }] }
  const guarded = { config: attempts, onRequest: requireSession }
  const response = { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) }
  const description = 'The session goes on under a new cookie.'

  app.post(
    '/v1/session/authentication/password',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'authenticateWithPassword',
        summary: 'Prove once more who you are, with the password',
        description,
        body: PasswordProof,
        response,
      },
    },
    async (request, reply) => {
      const proved = await reauthentication.withPassword(request, request.body.password)
      if (proved.ok) return replyWithSession(reply, proved)
      if (proved.reason === 'unauthenticated') throw signInFirst()
      throw new AppProblem(proved.reason)
    },
  )

  app.post(
    '/v1/session/authentication/passkey',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'authenticateWithPasskey',
        summary: 'Prove once more who you are, with a passkey',
        description: `The answer to the challenge of \`POST /v1/session/passkey/challenge\`. ${description}`,
        body: PasskeyProof,
        response,
      },
    },
    async (request, reply) => {
      const proved = await reauthentication.withPasskey(request, request.body.credential)
      if (!proved.ok) throw new AppProblem(proved.reason)
      const session = replyWithSession(reply, proved)
      clearPasskeyCookie(reply)
      return session
    },
  )
}
