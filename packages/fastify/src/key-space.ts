import type {
  Environment,
  Latchkey,
  QuotaExceeded,
  RateLimited,
  RefusalReason,
  Refused,
} from '@latchkey/engine'
import { rateLimitHeaders, shouldTell } from './rate-limit-headers.ts'
import { PROBLEMS, ProblemError, type ProblemCode } from './problem.ts'

/** One registration of the plugin: a set of keys, and how its hook talks about them. */
export interface KeySpace {
  readonly engine: Latchkey
  readonly environment: Environment | undefined
  readonly rejections: 'reasons' | 'uniform'
}

const REFUSALS = {
  malformed: 'invalid_key',
  unknown: 'invalid_key',
  suspended: 'owner_suspended',
  disabled: 'key_disabled',
  expired: 'key_expired',
  pending: 'key_pending',
  retired: 'key_retired',
  revoked: 'key_revoked',
  environment: 'wrong_environment',
  address_not_allowed: 'address_not_allowed',
  origin_not_allowed: 'origin_not_allowed',
  browser_not_allowed: 'browser_not_allowed',
  secret_key_required: 'secret_key_required',
  insufficient_scope: 'insufficient_scope',
  rate_limited: 'rate_limited',
  quota_exceeded: 'quota_exceeded',
  too_many_attempts: 'too_many_attempts',
} as const satisfies Record<RefusalReason, ProblemCode>

/** Why a key was refused, as a caller is told it. */
export type RefusalCode = (typeof REFUSALS)[RefusalReason]

/** Every refusal that a caller may be told. */
export const REFUSAL_CODES: readonly RefusalCode[] = [...new Set(Object.values(REFUSALS))]

/** RFC 6750, section 3.1. Who sent no credentials at all learns of no error. */
const BEARER_ERRORS: Partial<Record<ProblemCode, string>> = {
  multiple_credentials: 'invalid_request',
  invalid_key: 'invalid_token',
  key_disabled: 'invalid_token',
  key_expired: 'invalid_token',
  key_pending: 'invalid_token',
  key_retired: 'invalid_token',
  key_revoked: 'invalid_token',
  wrong_environment: 'invalid_token',
  insufficient_scope: 'insufficient_scope',
}

/**
 * What the caller is told about a refused key. With `rejections: 'uniform'` every 401 is the one of an unknown
 * key. Only who holds a good key learns which scopes it lacks.
 */
export function refusalOf(
  reason: RefusalReason,
  { engine, rejections }: KeySpace,
  wanted: WantedScopes,
): ProblemError {
  return credentialProblem(refusalCode(reason, rejections), engine.namespace, wanted)
}

/** The code of a refusal, as far as it is told. */
export function refusalCode(reason: RefusalReason, rejections: KeySpace['rejections']): RefusalCode {
  const code = REFUSALS[reason]
  // Who holds a key that could be used is told why it is not.
  const isTold = rejections === 'reasons' || STATUSES_TOLD.has(PROBLEMS[code].status)
  return isTold ? code : 'invalid_key'
}

/** Told even where every 401 is the same. */
const STATUSES_TOLD = new Set<number>([403, 429])

/** The problem of a key that is used more often than it may be. */
export function rateLimitProblem({ rateLimits, violated, retryAfterMs }: RateLimited): ProblemError {
  return new ProblemError('rate_limited', {
    headers: {
      ...rateLimitHeaders(rateLimits),
      ...(retryAfterMs !== null && { 'retry-after': inSeconds(retryAfterMs) }),
    },
    violatedPolicies: violated,
    ...(retryAfterMs === null && {
      detail: 'This request takes more units than a rate limit of the API key has, so waiting does not help.',
    }),
  })
}

/** The problem of a key that has spent its quota. */
export function quotaProblem({ rateLimits, retryAfterMs }: QuotaExceeded): ProblemError {
  return new ProblemError('quota_exceeded', {
    headers: {
      ...(shouldTell(rateLimits) && rateLimitHeaders(rateLimits)),
      ...(retryAfterMs !== null && { 'retry-after': inSeconds(retryAfterMs) }),
    },
    ...(retryAfterMs === null && {
      detail:
        'The API key has fewer credits left than this request costs, and waiting does not help: its quota is not filled up again, or not as far.',
    }),
  })
}

/** The problem of a key that is used from where it may not be. It tells what was seen, and nothing of what is allowed. */
export function addressProblem({ address = null }: Pick<Refused, 'address'>): ProblemError {
  return new ProblemError('address_not_allowed', {
    detail:
      address === null
        ? 'The API key is bound to addresses, and that of this request is not known.'
        : `The API key may not be used from ${address}.`,
  })
}

/** The problem of a client that presents one wrong key after the other. */
export function attemptsProblem(retryAfterMs: number): ProblemError {
  return new ProblemError('too_many_attempts', { headers: { 'retry-after': inSeconds(retryAfterMs) } })
}

/** Rounded up, so that who waits so long has waited long enough. */
export function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000)
}

/** The same for a header. */
export function inSeconds(ms: number): string {
  return String(secondsOf(ms))
}

/** The scopes that a route asks for: all of the first, and one of the others if there are any. */
export interface WantedScopes {
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
}

export const NO_SCOPES: WantedScopes = { scopes: [], anyScope: [] }

/** A problem with a credential, with the challenge that tells a client what to do about it. */
export function credentialProblem(
  code: ProblemCode,
  realm: string,
  { scopes, anyScope }: WantedScopes = NO_SCOPES,
): ProblemError {
  const error = BEARER_ERRORS[code]
  const challenge = [`Bearer realm="${realm}"`]
  if (error !== undefined) challenge.push(`error="${error}"`)
  // All that the challenge lists are needed (RFC 6750, section 3), so it lists one of those of which one will do.
  if (code === 'insufficient_scope') {
    challenge.push(`scope="${[...scopes, ...anyScope.slice(0, 1)].join(' ')}"`)
  }
  return new ProblemError(code, {
    headers: { 'www-authenticate': challenge.join(', ') },
    ...(code === 'unauthenticated' && {
      detail: 'Send an API key in the header Authorization: Bearer <key> or X-API-Key: <key>.',
    }),
    ...(code === 'insufficient_scope' && anyScope.length > 1 && { detail: oneOfScopes(anyScope) }),
  })
}

function oneOfScopes(scopes: readonly string[]): string {
  return `The API key is valid, but it lacks a scope that this request needs. Of these one will do: ${scopes.join(', ')}.`
}
