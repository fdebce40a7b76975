import type { Held } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'
import type { Access } from './access.ts'
import { readSecret } from './credentials.ts'
import { attemptsProblem, credentialProblem, NO_SCOPES, refusalOf, type KeySpace } from './key-space.ts'
import { apiKeySecurity } from './openapi.ts'
import type { ProblemCode } from './problem.ts'
import { createRefusalLog } from './refusal-log.ts'

/** Under which a route for holders finds what was shown. */
const HELD = 'latchkeyHeld'

/** Why somebody is not taken for the holder of a key that could still be ended. */
const HOLDER_PROBLEMS: readonly ProblemCode[] = [
  'multiple_credentials',
  'unauthenticated',
  'invalid_key',
  'key_expired',
  'key_revoked',
  'key_retired',
  'too_many_attempts',
  'unavailable',
]

/**
 * For whoever holds a key, whatever it may do and however often it was used. It is not used by that: nothing is counted,
 * so that a key which has spent its limits can be ended as well.
 */
export function holderAccess(keySpace: KeySpace): Access {
  const { engine } = keySpace
  const logRefusal = createRefusalLog()
  return {
    onRequest: [recognise],
    security: () => apiKeySecurity([]),
    problems: HOLDER_PROBLEMS,
  }

  async function recognise(request: FastifyRequest): Promise<void> {
    const secret = readSecret(request.raw)
    if (typeof secret !== 'string') throw credentialProblem(secret.problem, engine.namespace)
    const held = await engine.holders.recognise(secret, request)
    if (held.ok) return request.setDecorator(HELD, held)
    logRefusal(request, held)
    if (held.reason === 'too_many_attempts') throw attemptsProblem(held.retryAfterMs ?? 0)
    throw refusalOf(held.reason, keySpace, NO_SCOPES)
  }
}

/** Declares in a scope of key routes where the hook leaves what was shown. */
export function decorateHeld(scope: { decorateRequest(name: string, value: null): unknown }): void {
  scope.decorateRequest(HELD, null)
}

/** What a request to a route for holders came with. */
export function heldBy(request: FastifyRequest): Held {
  return request.getDecorator<Held>(HELD)
}
