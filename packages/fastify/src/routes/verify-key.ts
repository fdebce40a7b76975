import { serviceAccess } from '../access.ts'
import type { RouteContext } from '../operation.ts'
import { ProblemError } from '../problem.ts'
import { verifyFor } from '../verification.ts'
import { ApiKeyVerdict, VerifyApiKey } from '../verify-schemas.ts'

/** `POST /verify`: a verdict for a service that is not written in TypeScript. A refused key is an answer, no error. */
export function verifyKeyRoute({ scope, keySpace, operation }: RouteContext): void {
  scope.post<{ Body: VerifyApiKey; Reply: ApiKeyVerdict }>(
    '/verify',
    operation({
      operationId: 'verifyApiKey',
      summary: 'Check an API key',
      description:
        "Tells whether a key is good for what is asked, of whatever owner. The answer is 200 also when it is not: look at `valid`. It counts as a use of the key, as a request to one of this API's own routes does. The caller presents a key of its own, with the scope `latchkey:verify`.",
      schema: {
        body: VerifyApiKey,
        response: {
          200: {
            description: 'The verdict.',
            content: { 'application/json': { schema: ApiKeyVerdict } },
          },
        },
      },
      problems: ['invalid_json', 'payload_too_large', 'unsupported_media_type'],
      access: serviceAccess(keySpace),
    }),
    async (request) => {
      const verdict = await verifyFor(keySpace, request.body)
      if (verdict.errors === undefined) return verdict
      throw new ProblemError('invalid_request', { errors: verdict.errors })
    },
  )
}
