import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import { Type } from 'typebox'
import { AppProblem } from '../problem.ts'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import { attempts } from './attempts.ts'
import { IdParams } from './member-schemas.ts'
import { NewPasskey, Passkey, PasskeyChange, PasskeyCreation, PasskeyList } from './passkey-schemas.ts'
import type { PasskeyRow, Passkeys } from './passkeys.ts'
import { requireRecent } from './require-recent.ts'
import type { RequireSession } from './require-session.ts'
import { clearPasskeyCookie } from './session-cookie.ts'

interface PasskeyRoutesOptions {
  passkeys: Passkeys
  requireSession: RequireSession
}

/** A person's passkeys: added, renamed and removed. */
export const passkeyRoutes: FastifyPluginAsyncTypebox<PasskeyRoutesOptions> = async (
  app,
  { passkeys, requireSession },
) => {
  const common = { tags: ['Account'], security: [{ session: [] }] }

  app.get(
    '/v1/passkeys',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'listPasskeys',
        summary: 'Which passkeys do you have?',
        response: { 200: PasskeyList, ...problemReplies(401, 503) },
      },
    },
    async (request) => ({ data: (await passkeys.list(request.signedIn!.user.id)).map(toPasskey) }),
  )

  app.post(
    '/v1/passkeys/challenge',
    {
      config: attempts,
      onRequest: [requireSession, requireRecent],
      schema: {
        ...common,
        operationId: 'beginPasskey',
        summary: 'Add a passkey: the challenge',
        description: 'The reply sets a cookie for the browser that is to answer it.',
        response: { 200: PasskeyCreation, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const begun = await passkeys.beginAdding(request)
      if (begun === null) throw new AppProblem('too_many_passkeys')
      void reply.header('set-cookie', begun.setCookie)
      return begun.options
    },
  )

  app.post(
    '/v1/passkeys',
    {
      config: attempts,
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'addPasskey',
        summary: 'Add a passkey',
        description: 'The answer to the challenge, and a name.',
        body: NewPasskey,
        response: { 201: Passkey, ...problemReplies(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { name, credential } = request.body
      const added = await passkeys.add(request, { name: tidy(name), credential })
      if (!added.ok) throw new AppProblem(added.reason)
      clearPasskeyCookie(reply)
      void reply.code(201)
      return toPasskey(added.passkey)
    },
  )

  app.patch(
    '/v1/passkeys/:id',
    {
      onRequest: requireSession,
      schema: {
        ...common,
        operationId: 'renamePasskey',
        summary: 'Rename a passkey',
        params: IdParams,
        body: PasskeyChange,
        response: { 200: Passkey, ...problemReplies(400, 401, 403, 404, 413, 415, 503) },
      },
    },
    async (request) => {
      const name = tidy(request.body.name)
      const renamed = await passkeys.rename(request.signedIn!.user.id, request.params.id, name)
      if (renamed === null) throw new ProblemError('not_found')
      return toPasskey(renamed)
    },
  )

  app.delete(
    '/v1/passkeys/:id',
    {
      onRequest: [requireSession, requireRecent],
      schema: {
        ...common,
        operationId: 'removePasskey',
        summary: 'Remove a passkey',
        description: 'Ends every other session of the person.',
        params: IdParams,
        response: {
          204: Type.Null({ description: 'It signs nobody in any more.' }),
          ...problemReplies(400, 401, 403, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const removed = await passkeys.remove(request.signedIn!, request.params.id)
      if (removed === 'not_found') throw new ProblemError('not_found')
      if (removed === 'last_way_in') throw new AppProblem('last_way_in')
      return reply.code(204).send(null)
    },
  )
}

function toPasskey({ id, name, backedUp, createdAt, lastUsedAt }: PasskeyRow): Passkey {
  return {
    ...{ id, name, synced: backedUp },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
