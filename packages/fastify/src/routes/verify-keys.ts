import type { FastifyRequest } from 'fastify'
import { serviceAccess } from '../access.ts'
import type { RouteContext } from '../operation.ts'
import { ProblemError, type FieldError } from '../problem.ts'
import { fieldErrors, type ValidationFailure } from '../validation.ts'
import { malformedRequest, verifyFor } from '../verification.ts'
import { ApiKeyVerdicts, VerifyApiKeys } from '../verify-schemas.ts'

/** A hundred keys, each with many scopes. */
const MAX_BODY_BYTES = 128 * 1_024

/** `POST /verify/batch`: verdicts on several keys, each for itself. */
export function verifyKeysRoute({ scope, keySpace, operation }: RouteContext): void {
  scope.post<{ Body: VerifyApiKeys; Reply: ApiKeyVerdicts }>(
    '/verify/batch',
    {
      ...operation({
        operationId: 'verifyApiKeys',
        summary: 'Check several API keys',
        description:
          'Checks keys as `POST /verify` does, each for itself. One whose form is wrong gets the code `invalid_request`, and the others their answers all the same. When one cannot be told for reasons of ours, none is: the answer is 503.',
        schema: {
          body: VerifyApiKeys,
          response: {
            200: {
              description: 'The verdicts.',
              content: { 'application/json': { schema: ApiKeyVerdicts } },
            },
          },
        },
        problems: ['invalid_json', 'payload_too_large', 'unsupported_media_type'],
        access: serviceAccess(keySpace),
      }),
      bodyLimit: MAX_BODY_BYTES,
      attachValidation: true,
    },
    async (request) => {
      const wrong = wrongItems(request)
      const verdicts = request.body.requests.map(async (item, index) => {
        const errors = wrong.get(index)
        return errors === undefined ? verifyFor(keySpace, item) : malformedRequest(errors)
      })
      return { data: await Promise.all(verdicts) }
    },
  )
}

const ITEM = /^\/requests\/(\d+)/

/** What is wrong with which item. Whatever is wrong with the body around them is thrown. */
function wrongItems({ validationError }: FastifyRequest): Map<number, FieldError[]> {
  if (validationError === undefined) return new Map()
  const failures = validationError.validation as ValidationFailure[]
  if (!failures.every(({ instancePath }) => ITEM.test(instancePath))) {
    const errors = fieldErrors(failures, validationError.validationContext)
    throw new ProblemError('invalid_request', { errors })
  }
  const byItem = Map.groupBy(failures, ({ instancePath }) => Number(ITEM.exec(instancePath)![1]))
  return new Map(
    [...byItem].map(([index, itemFailures]) => [index, fieldErrors(itemFailures.map(withinItem), 'request')]),
  )
}

function withinItem(failure: ValidationFailure): ValidationFailure {
  return { ...failure, instancePath: failure.instancePath.replace(ITEM, '') }
}
