import { principalOf } from '../authorize.ts'
import { etagHeader, readIfMatch, showApiKey } from '../etag.ts'
import { IfMatchHeaders } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { beyondGrant, invalidInput, parseMoment } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams, UpdateApiKey, UpdatedApiKey } from '../schemas.ts'

const REFUSALS = {
  unproven: 'reauthentication_required',
  not_found: 'not_found',
  stale: 'precondition_failed',
  revoked: 'already_revoked',
  expired: 'already_expired',
} as const

/** `PATCH /:id`: renames, limits, disables, enables; in force here when the reply is there. */
export function updateKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.patch<{ Params: ApiKeyParams; Headers: IfMatchHeaders; Body: UpdateApiKey; Reply: UpdatedApiKey }>(
    '/:id',
    operation({
      operationId: 'updateApiKey',
      summary: 'Change an API key',
      description:
        'Changes what is sent and leaves the rest. On the node that answers, the change is in force when the reply arrives; the others follow within a second. When a key is disabled, the reply waits for them as with a delete, and its `receipt` says how many refuse the key.',
      schema: {
        params: ApiKeyParams,
        headers: IfMatchHeaders,
        body: UpdateApiKey,
        response: {
          200: {
            description: 'The changed key.',
            headers: etagHeader,
            content: { 'application/json': { schema: UpdatedApiKey } },
          },
        },
      },
      problems: [
        'invalid_json',
        'reauthentication_required',
        'forbidden',
        'beyond_grant',
        'not_found',
        'already_revoked',
        'already_expired',
        'precondition_failed',
        'payload_too_large',
        'unsupported_media_type',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const { expiresAt, notBefore, ...fields } = request.body
      const changes = {
        ...fields,
        expiresAt: parseMoment('expiresAt', expiresAt),
        notBefore: parseMoment('notBefore', notBefore),
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      }
      const result = await engine.keys.update(owner, actor, request.params.id, changes)
      if (!result.ok) {
        if (result.reason === 'invalid') throw invalidInput(result)
        if (result.reason === 'beyond_grant') throw beyondGrant(result)
        throw new ProblemError(REFUSALS[result.reason])
      }
      return { apiKey: showApiKey(reply, result.apiKey), receipt: result.receipt }
    },
  )
}
