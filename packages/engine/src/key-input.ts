import { expiryUnder, type ExpiryPolicy } from './expiry-policy.ts'
import { invalid, type Checked } from './checked.ts'
import type { JsonValue, Metadata } from './key.ts'
import { parseKeyName } from './key-name.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Environment } from './secret.ts'

export const MAX_SCOPES = 100
export const MAX_RATE_LIMITS = 4
export const MAX_RATE_LIMIT = 1_000_000
/** Longer times are the affair of quotas, which outlive a restart. */
export const MAX_RATE_LIMIT_WINDOW_SECONDS = 3_600
/** A name of a limit, as a caller reads it in the header RateLimit. */
export const RATE_LIMIT_NAME = /^[a-z][a-z0-9_-]{0,31}$/
export const MAX_METADATA_BYTES = 4_096
/** Deeper JSON is refused before anything recursive, here or in Postgres, meets it. */
export const MAX_METADATA_DEPTH = 16

export function checkName(name: unknown): Checked<string> {
  if (typeof name !== 'string') return invalid('name', 'must be text')
  const parsed = parseKeyName(name)
  return parsed.ok ? { ok: true, value: parsed.name } : invalid('name', parsed.message)
}

export function checkEnvironment(environment: unknown): Checked<Environment> {
  return environment === 'live' || environment === 'test'
    ? { ok: true, value: environment }
    : invalid('environment', 'must be "live" or "test"')
}

/** A key may hold only what is in the catalog. A scope named twice is held once. */
export function checkScopes(scopes: unknown, { names, has }: ScopeCatalog): Checked<readonly string[]> {
  if (!Array.isArray(scopes)) return invalid('scopes', 'must be a list')
  const distinct = [...new Set<unknown>(scopes)]
  if (distinct.length > MAX_SCOPES) return invalid('scopes', `must be at most ${MAX_SCOPES}`)
  const isKnown = (scope: unknown) => typeof scope === 'string' && has(scope)
  return distinct.every(isKnown)
    ? { ok: true, value: distinct as string[] }
    : invalid('scopes', `must be among: ${names.join(', ')}`)
}

/** A moment in the future that RFC 3339 can write, or null for never, as far as the policy allows it. */
export function checkExpiry(expiresAt: unknown, policy: ExpiryPolicy, nowMs: number): Checked<Date | null> {
  if (expiresAt === null || expiresAt === undefined) return expiryUnder(policy, expiresAt, nowMs)
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) {
    return invalid('expiresAt', 'must be a date or null')
  }
  if (expiresAt.getTime() <= nowMs) return invalid('expiresAt', 'must be in the future')
  if (expiresAt.getUTCFullYear() > 9999) return invalid('expiresAt', 'must be before the year 10000')
  return expiryUnder(policy, expiresAt, nowMs)
}

/** A moment from which on a key is good, before it ends; null for at once. */
export function checkNotBefore(notBefore: unknown): Checked<Date | null> {
  if (notBefore === null) return { ok: true, value: null }
  if (!(notBefore instanceof Date) || Number.isNaN(notBefore.getTime())) {
    return invalid('notBefore', 'must be a date or null')
  }
  const year = notBefore.getUTCFullYear()
  if (year < 1970 || year > 9999) return invalid('notBefore', 'must be from 1970 on, before the year 10000')
  return { ok: true, value: notBefore }
}

/** A JSON object that survives storage as it is. */
export function checkMetadata(metadata: unknown): Checked<Metadata> {
  if (!isJson(metadata, MAX_METADATA_DEPTH) || !isObject(metadata)) {
    return invalid(
      'metadata',
      `must be a JSON object, at most ${MAX_METADATA_DEPTH} levels deep, of valid Unicode without U+0000 and numbers of at most 21 digits`,
    )
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA_BYTES) {
    return invalid('metadata', `must be at most ${MAX_METADATA_BYTES} bytes of JSON`)
  }
  return { ok: true, value: metadata }
}

export function checkBlockBrowsers(blockBrowsers: unknown): Checked<boolean> {
  return typeof blockBrowsers === 'boolean'
    ? { ok: true, value: blockBrowsers }
    : invalid('blockBrowsers', 'must be true or false')
}

/** Several limits, each with a name of its own. Built anew, so that nothing unknown is stored along. */
export function checkRateLimits(rateLimits: unknown): Checked<readonly RateLimit[]> {
  if (!Array.isArray(rateLimits)) return invalid('rateLimits', 'must be a list')
  if (rateLimits.length > MAX_RATE_LIMITS) return invalid('rateLimits', `must be at most ${MAX_RATE_LIMITS}`)
  const checked: RateLimit[] = []
  for (const rateLimit of rateLimits as unknown[]) {
    const { name, limit, windowSeconds } = (rateLimit ?? {}) as Record<keyof RateLimit, unknown>
    if (typeof name !== 'string' || !RATE_LIMIT_NAME.test(name)) {
      return invalid(
        'rateLimits',
        'must each have a name of 1 to 32 of a-z, 0-9, "_" and "-", a letter first',
      )
    }
    if (checked.some((other) => other.name === name)) {
      return invalid('rateLimits', `must each have a name of their own; ${name} is there twice`)
    }
    if (!isWholeNumber(limit, MAX_RATE_LIMIT)) {
      return invalid('rateLimits', `must each have a limit from 1 to ${MAX_RATE_LIMIT}, a whole number`)
    }
    if (!isWholeNumber(windowSeconds, MAX_RATE_LIMIT_WINDOW_SECONDS)) {
      return invalid(
        'rateLimits',
        `must each have windowSeconds from 1 to ${MAX_RATE_LIMIT_WINDOW_SECONDS}, a whole number`,
      )
    }
    checked.push({ name, limit, windowSeconds })
  }
  return { ok: true, value: checked }
}

export const MAX_ROTATE_EVERY_DAYS = 3_650

/** After how many days a key should be rotated, or null. */
export function checkRotateEveryDays(days: unknown): Checked<number | null> {
  if (days === null || isWholeNumber(days, MAX_ROTATE_EVERY_DAYS)) return { ok: true, value: days }
  return invalid('rotateEveryDays', `must be a whole number from 1 to ${MAX_ROTATE_EVERY_DAYS}, or null`)
}

/** Text that Postgres takes as it is: valid Unicode without U+0000. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value === 'number') return isStorableNumber(value)
  if (typeof value !== 'object' || depth === 0) return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1))
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([name, item]) => name !== '__proto__' && isStorableText(name) && isJson(item, depth - 1),
    )
  )
}

function isWholeNumber(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max
}

/** Postgres writes every digit of a number out: "1e308" is 5 bytes here and 309 there. */
function isStorableNumber(number: number): boolean {
  const size = Math.abs(number)
  return size === 0 || (size >= 1e-21 && size <= 1e21)
}

function isObject(value: unknown): value is Metadata {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
