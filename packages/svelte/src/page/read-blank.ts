import type { LatchkeyClient } from '@latchkey/client'
import type { CreateFormData } from '../parts/create/create.ts'
import { ask, type Answer } from './ask.ts'

/** Asks what the form for a new key is made from. */
export async function readBlank(client: LatchkeyClient): Promise<Answer<CreateFormData>> {
  const [scopes, policy] = await Promise.all([
    ask(client.GET('/v1/api-keys/scopes')),
    ask(client.GET('/v1/api-keys/policy')),
  ])
  if (!scopes.ok) return scopes
  if (!policy.ok) return policy
  const { data, sets, keyPrefix, publishableKeyPrefix } = scopes.data
  return {
    ...scopes,
    data: {
      scopes: data,
      sets,
      keyPrefix,
      publishableKeyPrefix,
      policy: policy.data.effectiveExpiry,
      startsAt: new Date().toISOString(),
      idempotencyKey: crypto.randomUUID(),
    },
  }
}
