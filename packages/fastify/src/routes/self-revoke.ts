import { heldBy, holderAccess } from '../holder.ts'
import { takeNoBodyAsEmpty } from '../json-body.ts'
import { NO_SCOPES, refusalOf } from '../key-space.ts'
import { SelfRevokeApiKey, SelfRevokedApiKey } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { originOf } from '../origin-of.ts'
import { invalidInput } from '../parse-input.ts'

/** `POST /self-revoke`: whoever holds a key, or finds one, ends it with nothing but the key. */
export function selfRevokeRoute({ scope, engine, keySpace, operation }: RouteContext): void {
  scope.post<{ Body: SelfRevokeApiKey; Reply: SelfRevokedApiKey }>(
    '/self-revoke',
    {
      ...operation({
        operationId: 'selfRevokeApiKey',
        summary: 'Revoke the API key that is sent along',
        description:
          'Revokes the key that authenticates this request: for its holder, or for whoever found it where it should not be. It takes no scope, and no limit stands in the way; a disabled key can be revoked as well. The reason is `keyCompromise` unless another is given, and then the key is never restored. Sent with the secret that a rotation replaced, while that still works, it ends that secret alone. A second call is answered with 401.',
        schema: {
          body: SelfRevokeApiKey,
          response: {
            200: {
              description: 'It does not work any more.',
              content: { 'application/json': { schema: SelfRevokedApiKey } },
            },
          },
        },
        problems: ['invalid_json', 'payload_too_large', 'unsupported_media_type'],
        access: holderAccess(keySpace),
      }),
      preValidation: takeNoBodyAsEmpty,
    },
    async (request) => {
      const held = heldBy(request)
      const result = await engine.holders.revoke(held, { ...request.body, from: originOf(request) })
      if (!result.ok) {
        if (result.reason === 'invalid') throw invalidInput(result)
        throw refusalOf(result.reason, keySpace, NO_SCOPES)
      }
      const { apiKey, ended, receipt } = result
      request.log.info({ apiKeyId: apiKey.id, ended }, 'An API key was revoked by its holder')
      return { id: apiKey.id, ended, at: apiKey.updatedAt.toISOString(), receipt }
    },
  )
}
