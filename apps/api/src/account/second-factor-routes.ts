import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { attempts } from './attempts.ts'
import { replyWithSession } from './begun-session.ts'
import type { RequireSession } from './require-session.ts'
import { Session } from './schemas.ts'
import type { SecondFactor } from './second-factor.ts'
import {
  AppCode,
  Enrolment,
  PasswordProof,
  RecoveryCodes,
  SecondFactorStatus,
  SecondStep,
} from './second-factor-schemas.ts'
import { clearChallengeCookie } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'

interface SecondFactorRoutesOptions {
  secondFactor: SecondFactor
  sessions: Sessions
  requireSession: RequireSession
}

/** The codes of an app beside the password: set up, asked for at sign-in, removed. */
export const secondFactorRoutes: FastifyPluginAsyncTypebox<SecondFactorRoutesOptions> = async (
  app,
  { secondFactor, sessions, requireSession },
) => {
  const common = { tags: ['Account'], security: [{ session: [] }] }
  const guarded = { config: attempts, onRequest: requireSession }

  app.post(
    '/v1/session/second-factor',
    {
      config: attempts,
      schema: {
        ...common,
        operationId: 'finishSignIn',
        summary: 'Sign in: the second step',
        description:
          'After `POST /v1/session` answered `second_factor_required`, with the cookie that it set, within five ' +
          'minutes. The fifth wrong code ends the first step too; ten in a row lock the factor for a quarter of an hour.',
        security: [],
        body: SecondStep,
        response: { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const finished = await sessions.finish(request, request.body)
      if (!finished.ok) {
        if (finished.reason === 'sign_in_again') clearChallengeCookie(reply)
        throw new AppProblem(finished.reason)
      }
      clearChallengeCookie(reply)
      return replyWithSession(reply, finished)
    },
  )

  app.get(
    '/v1/second-factor',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'getSecondFactor',
        summary: 'Is there a second factor?',
        response: { 200: SecondFactorStatus, ...problemReplies(401, 503) },
      },
    },
    (request) => secondFactor.read(request.signedIn!.user.id),
  )

  app.post(
    '/v1/second-factor',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'beginSecondFactor',
        summary: 'Set up a second factor',
        description:
          'It is asked for once it is confirmed by a first code. Until then, beginning anew is possible.',
        body: PasswordProof,
        response: { 201: Enrolment, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const begun = await secondFactor.begin(request, request.body.password)
      if (!begun.ok) throw new AppProblem(begun.reason)
      void reply.code(201)
      return begun
    },
  )

  app.post(
    '/v1/second-factor/confirm',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'confirmSecondFactor',
        summary: 'Turn the second factor on',
        description:
          'By a first code. Ends every other session, and renews this one: the reply sets a new cookie.',
        body: AppCode,
        response: { 200: Session, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const confirmed = await secondFactor.confirm(request, request.body.code)
      if (!confirmed.ok) throw new AppProblem(confirmed.reason)
      return replyWithSession(reply, confirmed)
    },
  )

  app.post(
    '/v1/second-factor/recovery-codes',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'renewRecoveryCodes',
        summary: 'Make new recovery codes',
        body: PasswordProof,
        response: { 200: RecoveryCodes, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request) => {
      const renewed = await secondFactor.renewRecoveryCodes(request, request.body.password)
      if (!renewed.ok) throw new AppProblem(renewed.reason)
      return renewed
    },
  )

  app.post(
    '/v1/second-factor/remove',
    {
      ...guarded,
      schema: {
        ...common,
        operationId: 'removeSecondFactor',
        summary: 'Turn the second factor off',
        description: 'Ends every other session, and renews this one: the reply sets a new cookie.',
        body: PasswordProof,
        response: { 200: Session, ...problemReplies(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const removed = await secondFactor.remove(request, request.body.password)
      if (!removed.ok) throw new AppProblem(removed.reason)
      return replyWithSession(reply, removed)
    },
  )
}
