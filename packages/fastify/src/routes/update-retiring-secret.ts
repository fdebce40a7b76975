import { principalOf } from '../authorize.ts'
import { etagHeader, readIfMatch, showApiKey } from '../etag.ts'
import { IfMatchHeaders } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { beyondGrant, invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams, UpdatedApiKey } from '../schemas.ts'
import { UpdateRetiringSecret } from '../rotation-schemas.ts'

const REFUSALS = {
  unproven: 'reauthentication_required',
  not_found: 'not_found',
  stale: 'precondition_failed',
  revoked: 'already_revoked',
  not_retiring: 'not_retiring',
} as const

/** `PATCH /:id/retiring-secret`: ends the replaced secret now, or lets it work longer. */
export function updateRetiringSecretRoute({ scope, engine, operation }: RouteContext): void {
  scope.patch<{
    Params: ApiKeyParams
    Headers: IfMatchHeaders
    Body: UpdateRetiringSecret
    Reply: UpdatedApiKey
  }>(
    '/:id/retiring-secret',
    operation({
      operationId: 'updateRetiringSecret',
      summary: 'End a replaced secret, now or later',
      description:
        'Says when the secret that a rotation replaced ends: at once, or up to seven days from now. `retiringSecret.lastUsedAt` of the key tells whether somebody still uses it. When it ends at once, the reply waits as with a delete, and its `receipt` says how many nodes refuse the secret.',
      schema: {
        params: ApiKeyParams,
        headers: IfMatchHeaders,
        body: UpdateRetiringSecret,
        response: {
          200: {
            description: 'The key, with the new end of its replaced secret.',
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
        'not_retiring',
        'precondition_failed',
        'payload_too_large',
        'unsupported_media_type',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const { gracePeriodSeconds } = request.body
      const result = await engine.keys.retire(owner, actor, request.params.id, gracePeriodSeconds, {
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      })
      if (!result.ok) {
        if (result.reason === 'invalid') throw invalidInput(result)
        if (result.reason === 'beyond_grant') throw beyondGrant(result)
        throw new ProblemError(REFUSALS[result.reason])
      }
      return { apiKey: showApiKey(reply, result.apiKey), receipt: result.receipt }
    },
  )
}
