import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { toPolicyJson } from '../policy-json.ts'
import { ProblemError } from '../problem.ts'
import { KeyPolicy, UpdateKeyPolicy } from '../policy-schemas.ts'

/** `PUT /policy`: the owner asks more of its keys than the host does. */
export function setPolicyRoute({ scope, engine, operation }: RouteContext): void {
  scope.put<{ Body: UpdateKeyPolicy; Reply: KeyPolicy }>(
    '/policy',
    operation({
      operationId: 'setApiKeyPolicy',
      summary: 'Set the policy of new keys',
      description:
        'Says for how long new keys may live, within what the host allows, what they may be given, and who gets live ones. Keys that exist keep what they have. Only owners and admins may.',
      schema: {
        body: UpdateKeyPolicy,
        response: {
          200: {
            description: 'The policy from now on.',
            content: { 'application/json': { schema: KeyPolicy } },
          },
        },
      },
      problems: ['invalid_json', 'forbidden', 'payload_too_large', 'unsupported_media_type'],
    }),
    async (request) => {
      const { owner, actor, role } = principalOf(request)
      if (role !== 'owner' && role !== 'admin') {
        throw new ProblemError('forbidden', { detail: 'Only owners and admins set the policy.' })
      }
      const { expiry, issue } = request.body
      const change = { expiryPolicy: expiry, ...(issue !== undefined && { issuePolicy: issue }) }
      const result = await engine.owners.setPolicy(owner, change, actor)
      if (!result.ok) throw invalidInput({ ...result, field: result.field.replace('Policy/', '/') })
      return toPolicyJson(result.settings, engine.expiryPolicy)
    },
  )
}
