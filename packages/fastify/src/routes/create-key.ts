import { principalOf } from '../authorize.ts'
import { etagHeader, showApiKey } from '../etag.ts'
import { readIdempotencyKey, replayedHeader } from '../idempotency-key.ts'
import type { RouteContext } from '../operation.ts'
import { beyondGrant, invalidInput, parseMoment } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { CreateApiKey, CreatedApiKey, CreateHeaders } from '../schemas.ts'

const REFUSALS = {
  unproven: 'reauthentication_required',
  revoked: 'already_revoked',
  too_many_keys: 'too_many_keys',
  idempotency_mismatch: 'idempotency_mismatch',
  idempotency_in_flight: 'idempotency_in_flight',
} as const

/** `POST /`: creates a key and shows its secret, this once. */
export function createKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.post<{ Body: CreateApiKey; Headers: CreateHeaders; Reply: CreatedApiKey }>(
    '/',
    operation({
      operationId: 'createApiKey',
      summary: 'Create an API key',
      description:
        'Creates a key and shows its secret. This is the only time the secret is shown. Send an `Idempotency-Key` to be able to repeat the request should its reply get lost.',
      schema: {
        headers: CreateHeaders,
        body: CreateApiKey,
        response: {
          201: {
            description: 'The key was created. Store the secret now.',
            headers: {
              Location: { type: 'string', description: 'Where the key is found.' },
              ...etagHeader,
              ...replayedHeader,
            },
            content: { 'application/json': { schema: CreatedApiKey } },
          },
        },
      },
      problems: [
        'invalid_json',
        'reauthentication_required',
        'forbidden',
        'beyond_grant',
        'already_revoked',
        'too_many_keys',
        'idempotency_in_flight',
        'payload_too_large',
        'unsupported_media_type',
        'idempotency_mismatch',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const { expiresAt, notBefore, ...fields } = request.body
      const result = await engine.keys.create(owner, actor, {
        ...fields,
        expiresAt: parseMoment('expiresAt', expiresAt),
        notBefore: parseMoment('notBefore', notBefore),
        idempotencyKey: readIdempotencyKey(request.headers),
        grant: await grant(),
      })
      if (!result.ok) {
        if (result.reason === 'invalid') throw invalidInput(result)
        if (result.reason === 'beyond_grant') throw beyondGrant(result)
        throw new ProblemError(REFUSALS[result.reason])
      }
      if (result.replayed) reply.header('idempotency-replayed', 'true')
      reply.code(201).header('location', `${scope.prefix}/${result.apiKey.id}`)
      return { apiKey: showApiKey(reply, result.apiKey), secret: result.secret }
    },
  )
}
