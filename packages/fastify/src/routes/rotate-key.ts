import { principalOf } from '../authorize.ts'
import { etagHeader, readIfMatch, showApiKey } from '../etag.ts'
import { readIdempotencyKey, replayedHeader } from '../idempotency-key.ts'
import type { RouteContext } from '../operation.ts'
import { beyondGrant, invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { RotateHeaders } from '../lifecycle-schemas.ts'
import { ApiKeyParams } from '../schemas.ts'
import { RotateApiKey, RotatedApiKey } from '../rotation-schemas.ts'

const REFUSALS = {
  unproven: 'reauthentication_required',
  not_found: 'not_found',
  stale: 'precondition_failed',
  revoked: 'already_revoked',
  expired: 'already_expired',
  retiring: 'already_retiring',
  idempotency_mismatch: 'idempotency_mismatch',
  idempotency_in_flight: 'idempotency_in_flight',
} as const

/** `POST /:id/rotate`: gives the key another secret and shows it, this once. */
export function rotateKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.post<{ Params: ApiKeyParams; Body: RotateApiKey; Headers: RotateHeaders; Reply: RotatedApiKey }>(
    '/:id/rotate',
    operation({
      operationId: 'rotateApiKey',
      summary: 'Rotate an API key',
      description:
        'Gives the key another secret, of the same prefix and length, and shows it this once. The key stays the same, and so does what its limits count. The old secret works until its grace ends; without a grace the reply waits until every node refuses it, one second at most, and its `receipt` says how many do. Send an `Idempotency-Key` to be able to repeat the request should its reply get lost.',
      schema: {
        params: ApiKeyParams,
        headers: RotateHeaders,
        body: RotateApiKey,
        response: {
          200: {
            description: 'The key has a new secret. Store it now.',
            headers: { ...etagHeader, ...replayedHeader },
            content: { 'application/json': { schema: RotatedApiKey } },
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
        'already_retiring',
        'idempotency_in_flight',
        'precondition_failed',
        'payload_too_large',
        'unsupported_media_type',
        'idempotency_mismatch',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const result = await engine.keys.rotate(owner, actor, request.params.id, {
        ...request.body,
        idempotencyKey: readIdempotencyKey(request.headers),
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      })
      if (!result.ok) {
        if (result.reason === 'invalid') throw invalidInput(result)
        if (result.reason === 'beyond_grant') throw beyondGrant(result)
        throw new ProblemError(REFUSALS[result.reason])
      }
      if (result.replayed) reply.header('idempotency-replayed', 'true')
      return { apiKey: showApiKey(reply, result.apiKey), secret: result.secret, receipt: result.receipt }
    },
  )
}
