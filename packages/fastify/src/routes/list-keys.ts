import { toApiKeyJson } from '../api-key-json.ts'
import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ApiKeyList, ListApiKeys, parseListParams } from '../list-schemas.ts'

/** `GET /`: the owner's keys, by pages. */
export function listKeysRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Querystring: ListApiKeys; Reply: ApiKeyList }>(
    '/',
    operation({
      operationId: 'listApiKeys',
      summary: 'List API keys',
      description:
        'Lists keys by pages, newest first unless `sort` says otherwise. Revoked keys are left out unless `status` asks for them.',
      schema: {
        querystring: ListApiKeys,
        response: {
          200: {
            description: 'One page of keys.',
            content: { 'application/json': { schema: ApiKeyList } },
          },
        },
      },
    }),
    async (request) => {
      const result = await engine.keys.list(principalOf(request).owner, parseListParams(request.query))
      if (!result.ok) throw invalidInput(result)
      const { data, nextCursor, total } = result
      return { data: data.map((key) => toApiKeyJson(key)), nextCursor, total }
    },
  )
}
