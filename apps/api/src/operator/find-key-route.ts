import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseSecret, ProblemError, type KeyClue } from '@latchkey/fastify'
import { problemReplies } from '../problem-replies.ts'
import type { OperatorContext } from './routes.ts'
import { FindKey, FoundKeyList } from './schemas.ts'
import { toFoundKey } from './to-json.ts'

/** Whose key is it? */
export const findKeyRoute: FastifyPluginAsyncTypebox<OperatorContext> = async (
  app,
  { latchkey, workspaces, recordLook, onRequest, common },
) => {
  app.post(
    '/v1/operator/keys/find',
    {
      onRequest,
      schema: {
        ...common,
        operationId: 'findAnyKey',
        summary: 'Find a key of any workspace',
        description:
          'By its id, by how its secret begins, or by the SHA-256 of its secret, which is computed where the secret is. The ' +
          'owners of the workspace see in their audit trail that an operator looked.',
        body: FindKey,
        response: { 200: FoundKeyList, ...problemReplies(400, 401, 403, 413, 415, 503) },
      },
    },
    async (request) => {
      const { by, value } = request.body
      const keys = await latchkey.directory.find(clueOf(request.body))
      const owners = [...new Set(keys.map(({ owner }) => owner))]
      const [names, summaries] = await Promise.all([
        workspaces.names(owners),
        latchkey.directory.owners(owners),
      ])
      await recordLook(request, {
        operation: 'findAnyKey',
        // Whoever reads the trail could try hashes.
        details: { by, value: by === 'hash' || keys.length === 0 ? null : value, found: keys.length },
        concerns: keys.map(({ id, owner }) => ({ workspaceId: owner, keyId: id })),
      })
      return {
        data: keys.map((key) =>
          toFoundKey(key, {
            name: names.get(key.owner) ?? null,
            suspension: summaries.get(key.owner)?.suspension ?? null,
          }),
        ),
      }
    },
  )
}

function clueOf({ by, value }: FindKey): KeyClue {
  const text = value.trim()
  if (parseSecret(text) !== null) throw wrongValue('is a whole secret: send its SHA-256 instead')
  if (by === 'id') return { id: text }
  if (by === 'start') return { start: text }
  if (/^[0-9a-f]{64}$/i.test(text)) return { hash: text }
  throw wrongValue('must be a SHA-256 in hexadecimal, 64 characters')
}

function wrongValue(message: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ field: 'value', message }] })
}
