import type { RateLimitState } from '@latchkey/engine'

/** Policies change when a key is read anew, every few seconds, while they are told with every reply. */
const policies = new WeakMap<readonly RateLimitState[], string>()

/**
 * How the limits of a key stand, as response headers: what is allowed in `RateLimit-Policy` and what is left in
 * `RateLimit` (draft-ietf-httpapi-ratelimit-headers; lists of RFC 9651).
 */
export function rateLimitHeaders(rateLimits: readonly RateLimitState[]): Record<string, string> {
  return { 'ratelimit-policy': rateLimitPolicy(rateLimits), ratelimit: rateLimit(rateLimits) }
}

/** With so many units left nobody needs to slow down. */
const PLENTY = 1_000

/**
 * Whether a caller should know by now how its limits stand. Writing two headers takes longer than the whole
 * verdict, so replies go without them while more than half of every limit, and more than 1,000 units, are left.
 */
export function shouldTell(rateLimits: readonly RateLimitState[]): boolean {
  for (const { limit, remaining } of rateLimits) {
    if (remaining <= PLENTY || remaining * 2 <= limit) return true
  }
  return false
}

/** The value of `RateLimit-Policy`. */
export function rateLimitPolicy(rateLimits: readonly RateLimitState[]): string {
  let policy = policies.get(rateLimits)
  if (policy === undefined) {
    policy = rateLimits
      .map(({ name, limit, windowSeconds }) => `"${name}";q=${limit};w=${windowSeconds}`)
      .join(', ')
    policies.set(rateLimits, policy)
  }
  return policy
}

/** The value of `RateLimit`. */
export function rateLimit(rateLimits: readonly RateLimitState[]): string {
  let value = ''
  for (const { name, remaining, resetSeconds } of rateLimits) {
    if (value !== '') value += ', '
    value += `"${name}";r=${remaining};t=${resetSeconds}`
  }
  return value
}
