import { invalid, type Checked } from './checked.ts'

export const MAX_ALLOWED_ORIGINS = 50
const MAX_ORIGIN_LENGTH = 300

const RULE =
  'must be origins of web pages: https:// or http://, a host and, where it is not the usual one, a port'
/** No user, path, query or fragment. What a browser would read into them, nobody can have meant. */
const ORIGIN = /^https?:\/\/[^\s/\\?#@]+\/?$/i
const WILDCARD = '*.'
/** A host below another, as a browser writes it. */
const SUBDOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** Origins of web pages, of which one is or is not. */
export interface OriginList {
  /** @param origin as a browser writes it; it has one spelling only. */
  has(origin: string): boolean
}

/**
 * Checks a list from outside, and spells each entry as browsers do: in small letters, without the usual port, and a
 * name of other alphabets as `xn--`. One that is there twice is kept once.
 */
export function checkAllowedOrigins(allowedOrigins: unknown): Checked<readonly string[]> {
  if (!Array.isArray(allowedOrigins)) return invalid('allowedOrigins', 'must be a list')
  if (allowedOrigins.length > MAX_ALLOWED_ORIGINS) {
    return invalid('allowedOrigins', `must be at most ${MAX_ALLOWED_ORIGINS}`)
  }
  const origins = new Set<string>()
  for (const entry of allowedOrigins as unknown[]) {
    const origin = readOrigin(entry)
    if (!origin.ok) return origin
    origins.add(origin.value)
  }
  return { ok: true, value: [...origins] }
}

function readOrigin(entry: unknown): Checked<string> {
  if (entry === 'null') {
    return invalid('allowedOrigins', 'must not be "null", which any page can make its origin')
  }
  const isFine = typeof entry === 'string' && entry.length <= MAX_ORIGIN_LENGTH && ORIGIN.test(entry)
  const url = isFine ? URL.parse(entry) : null
  if (url === null || url.href !== `${url.origin}/`) {
    return invalid('allowedOrigins', `${RULE}, such as https://app.example.com`)
  }
  const { hostname } = url
  if (hostname.includes('*') && !isWildcardHost(hostname)) {
    return invalid(
      'allowedOrigins',
      'may have a "*" in place of all names below a host of at least two, as https://*.example.com',
    )
  }
  return { ok: true, value: url.origin }
}

function isWildcardHost(hostname: string): boolean {
  const host = hostname.slice(WILDCARD.length)
  return hostname.startsWith(WILDCARD) && SUBDOMAIN.test(host) && /\..*[a-z]/.test(host)
}

/** Makes a list of entries that were checked. */
export function createOriginList(origins: readonly string[]): OriginList {
  const isWildcard = (origin: string) => origin.includes('*')
  const exact = new Set(origins.filter((origin) => !isWildcard(origin)))
  const wildcards = origins.filter(isWildcard).map((origin) => origin.split('*'))
  return {
    has: (origin) => exact.has(origin) || wildcards.some(([scheme, host]) => isBelow(origin, scheme!, host!)),
  }
}

function isBelow(origin: string, scheme: string, host: string): boolean {
  return (
    origin.startsWith(scheme) &&
    origin.endsWith(host) &&
    SUBDOMAIN.test(origin.slice(scheme.length, origin.length - host.length))
  )
}
