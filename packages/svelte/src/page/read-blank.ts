import type { LatchkeyClient } from '@latchkey/client'
import type { CreateFormData } from '../parts/create/create.ts'
import { handoutOf } from '../parts/create/handout.ts'
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
  // Who asks is known to the host alone, so what only owners and admins may is refused when it comes to it.
  const handout = handoutOf(true, policy.data, scopes.data)
  return {
    ...scopes,
    data: {
      scopes: data.filter(({ name }) => handout.scopes.includes(name)),
      sets: sets.filter(({ name }) => handout.scopes.includes(name)),
      mayBeLive: handout.live,
      keyPrefix,
      publishableKeyPrefix,
      policy: policy.data.effectiveExpiry,
      startsAt: new Date().toISOString(),
      idempotencyKey: crypto.randomUUID(),
    },
  }
}
