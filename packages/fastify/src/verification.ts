import type { RateLimitState, Verdict, VerifiedKey } from '@latchkey/engine'
import { countAsked, requirementOf } from './asked-requirement.ts'
import { refusalCode, secondsOf, type KeySpace } from './key-space.ts'
import type { FieldError } from './problem.ts'
import type { ApiKeyVerdict, VerifyApiKey } from './verify-schemas.ts'

/**
 * Has a key checked for a service. Wrong secrets count against the address that the service names, never against the
 * service's own. It rejects when the engine cannot tell.
 */
export async function verifyFor(
  keySpace: KeySpace,
  { secret, ip, origin, ...asked }: VerifyApiKey,
): Promise<ApiKeyVerdict> {
  const read = requirementOf(keySpace, asked)
  if (!read.ok) return malformedRequest([read.error])
  const caller = { ip: ip ?? null, ...(origin !== undefined && { origin }) }
  const verdict = await keySpace.engine.verify(secret, read.requirement, caller)
  countAsked(keySpace, read.requirement, verdict)
  return toVerdictJson(verdict, keySpace)
}

/** The answer to a request whose form is wrong, among others. */
export function malformedRequest(errors: FieldError[]): ApiKeyVerdict {
  return { valid: false, code: 'invalid_request', ...NOTHING, errors }
}

const NOTHING = { apiKey: null, rateLimits: [], retryAfterSeconds: null }

function toVerdictJson(verdict: Verdict, { rejections }: KeySpace): ApiKeyVerdict {
  if (verdict.ok) {
    const { key, rateLimits } = verdict
    return { ...NOTHING, valid: true, code: 'valid', apiKey: keyJson(key), rateLimits: stand(rateLimits) }
  }
  const { reason, key, retryAfterMs = null } = verdict
  const code = refusalCode(reason, rejections)
  return {
    valid: false,
    code,
    // Where refusals are all alike, the key is not told either.
    apiKey: key === null || code === 'invalid_key' ? null : keyJson(key),
    rateLimits: 'rateLimits' in verdict ? stand(verdict.rateLimits) : [],
    retryAfterSeconds: retryAfterMs === null ? null : secondsOf(retryAfterMs),
  }
}

/** Listed field by field, so that nothing is told by accident. */
function keyJson({ id, owner, name, environment, scopes, metadata }: VerifiedKey): ApiKeyVerdict['apiKey'] {
  return { id, owner, name, environment, scopes: [...scopes], metadata }
}

/** Limits as they are now: the states change with the next request. */
function stand(states: readonly RateLimitState[]): ApiKeyVerdict['rateLimits'] {
  return states.map(({ name, limit, windowSeconds, remaining, resetSeconds }) => ({
    name,
    limit,
    windowSeconds,
    remaining,
    resetSeconds,
  }))
}
