import type { BulkItemResult } from '@latchkey/engine'
import { toApiKeyJson } from '../api-key-json.ts'
import { principalOf } from '../authorize.ts'
import { lifecycleProblem } from '../lifecycle-problem.ts'
import { ChangeApiKeys, ChangedApiKeys, type BulkCode, type ChangedApiKey } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { PROBLEMS } from '../problem.ts'

/** `POST /bulk`: does one thing to many keys, and tells of each what became of it. */
export function changeKeysRoute({ scope, engine, operation }: RouteContext): void {
  scope.post<{ Body: ChangeApiKeys; Reply: ChangedApiKeys }>(
    '/bulk',
    operation({
      operationId: 'changeApiKeys',
      summary: 'Disable, enable, revoke or restore several API keys',
      description:
        'Does one thing to up to 100 keys. The answer is 200 also when it could not be done to some of them: each has a result of its own, and none keeps anything from the others. Should the database fail midway, nothing was changed. When keys stopped being good, the reply waits as with a delete, and one `receipt` says how far that had come for all of them.',
      schema: {
        body: ChangeApiKeys,
        response: {
          200: {
            description: 'What became of each key.',
            content: { 'application/json': { schema: ChangedApiKeys } },
          },
        },
      },
      problems: ['invalid_json', 'forbidden', 'payload_too_large', 'unsupported_media_type'],
    }),
    async (request) => {
      const { owner, actor, grant } = principalOf(request)
      const { ids, ...options } = request.body
      const changed = await engine.keys.changeMany(owner, actor, ids, { ...options, grant: await grant() })
      if (!changed.ok) throw invalidInput(changed)
      const { results, receipt } = changed
      return { data: results.map((result, place) => toItem(ids[place]!, result)), receipt }
    },
  )
}

function toItem(id: string, result: BulkItemResult): ChangedApiKey {
  if (result.ok) return { id, status: 200, apiKey: toApiKeyJson(result.apiKey), problem: null }
  const { code, statusCode, message } = lifecycleProblem(result)
  const problem = { code: code as BulkCode, title: PROBLEMS[code].title, detail: message }
  return { id, status: statusCode, apiKey: null, problem }
}
