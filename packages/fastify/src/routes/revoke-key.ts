import { principalOf } from '../authorize.ts'
import { etagHeader, readIfMatch, showApiKey } from '../etag.ts'
import { takeNoBodyAsEmpty } from '../json-body.ts'
import { lifecycleProblem } from '../lifecycle-problem.ts'
import { IfMatchHeaders, RevokeApiKey } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams, DeletedApiKey } from '../schemas.ts'

const REVOKED = {
  description: 'The key is revoked.',
  headers: etagHeader,
  content: { 'application/json': { schema: DeletedApiKey } },
}

/** `DELETE /:id`: revokes without a reason; the record stays for those who ask later what it was. */
export function deleteKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.delete<{ Params: ApiKeyParams; Headers: IfMatchHeaders; Reply: DeletedApiKey }>(
    '/:id',
    operation({
      operationId: 'deleteApiKey',
      summary: 'Delete an API key',
      description:
        'Revokes a key. The reply waits until every node refuses the key, one second at most, and its `receipt` says how many do. The record of the key stays for a while, and is listed with `status=revoked`; until `revocation.restorableUntil` the key can be restored. To say why it is revoked, use `POST /{id}/revoke`.',
      schema: { params: ApiKeyParams, headers: IfMatchHeaders, response: { 200: REVOKED } },
      problems: [
        'reauthentication_required',
        'forbidden',
        'beyond_grant',
        'not_found',
        'precondition_failed',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const result = await engine.keys.revoke(owner, actor, request.params.id, {
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      })
      if (result.ok) return { apiKey: showApiKey(reply, result.apiKey), receipt: result.receipt }
      // What is deleted is not there to be deleted.
      throw result.reason === 'revoked' ? new ProblemError('not_found') : lifecycleProblem(result)
    },
  )
}

/**
 * `POST /:id/revoke`: revokes and says why. A DELETE has no body that every proxy lets through (RFC 9110, section 9.3.5), and
 * what people write about a leak belongs in no address, which logs keep.
 */
export function revokeKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.post<{
    Params: ApiKeyParams
    Headers: IfMatchHeaders
    Body: RevokeApiKey
    Reply: DeletedApiKey
  }>(
    '/:id/revoke',
    {
      ...operation({
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key and say why',
        description:
          'Does what a delete does, and keeps with the key why. A key that is revoked already is answered with 409, unless the reason is `keyCompromise`: who learns only then that a secret leaked can still say so, so that nobody restores the key.',
        schema: {
          params: ApiKeyParams,
          headers: IfMatchHeaders,
          body: RevokeApiKey,
          response: { 200: REVOKED },
        },
        problems: [
          'invalid_json',
          'reauthentication_required',
          'forbidden',
          'beyond_grant',
          'not_found',
          'already_revoked',
          'precondition_failed',
          'payload_too_large',
          'unsupported_media_type',
        ],
      }),
      preValidation: takeNoBodyAsEmpty,
    },
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const result = await engine.keys.revoke(owner, actor, request.params.id, {
        ...request.body,
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      })
      if (!result.ok) throw lifecycleProblem(result)
      return { apiKey: showApiKey(reply, result.apiKey), receipt: result.receipt }
    },
  )
}
