import { parseEncryptionKey } from './encryption-key.ts'

/** How keys exchange themselves for tokens. The same on every node. */
export interface TokenOptions {
  /** Who issues them, as verifiers know it: a URL of yours, `https://api.example.com`. */
  issuer: string
  /** The services that may be named as the one a token is for. The first is meant when none is named. */
  audiences: readonly string[]
  /** 32 random bytes, also as hex or base64, which the private signing keys are encrypted with in the database. */
  encryptionKey: string | Uint8Array
  /**
   * How long tokens live, 60 to 900; 300 when left out. A request may ask for less. So long a token works at most
   * after its key was revoked.
   */
  lifetimeSeconds?: number | undefined
}

export const DEFAULT_TOKEN_LIFETIME_SECONDS = 300
export const MAX_TOKEN_LIFETIME_SECONDS = 900
export const MIN_TOKEN_LIFETIME_SECONDS = 30
/** Of the option, so that every host's clients may ask for something. */
const MIN_LIFETIME_OPTION_SECONDS = 60
export const MAX_AUDIENCE_LENGTH = 255

/** Checks the options of a host that issues tokens; null of one that does not. @throws Error, a sentence for the developer. */
export function resolveTokenOptions(options: TokenOptions | undefined) {
  if (options === undefined) return null
  const { issuer, audiences, lifetimeSeconds = DEFAULT_TOKEN_LIFETIME_SECONDS } = options
  if (!isIssuer(issuer)) {
    throw new Error('tokens.issuer must be a URL of yours without "?" and "#", as "https://api.example.com".')
  }
  if (!Array.isArray(audiences) || audiences.length === 0 || !audiences.every(isAudience)) {
    throw new Error(
      `tokens.audiences must be a list of at least one name of a service, of 1 to ${MAX_AUDIENCE_LENGTH} printable ASCII characters.`,
    )
  }
  const isLifetime =
    Number.isInteger(lifetimeSeconds) &&
    lifetimeSeconds >= MIN_LIFETIME_OPTION_SECONDS &&
    lifetimeSeconds <= MAX_TOKEN_LIFETIME_SECONDS
  if (!isLifetime) {
    throw new Error(
      `tokens.lifetimeSeconds must be a whole number from ${MIN_LIFETIME_OPTION_SECONDS} to ${MAX_TOKEN_LIFETIME_SECONDS}.`,
    )
  }
  return {
    issuer,
    audiences: Object.freeze([...audiences]) as readonly [string, ...string[]],
    encryptionKey: parseEncryptionKey('tokens.encryptionKey', options.encryptionKey),
    lifetimeSeconds,
  }
}

/** The options with every default in its place. */
export type ResolvedTokenOptions = NonNullable<ReturnType<typeof resolveTokenOptions>>

/** RFC 9068 has the form of RFC 8414, section 2, but for `https`, without which tokens can be tried out as well. */
function isIssuer(issuer: unknown): boolean {
  return typeof issuer === 'string' && /^https?:\/\/[^?#\s]+$/.test(issuer) && URL.canParse(issuer)
}

function isAudience(audience: unknown): audience is string {
  return (
    typeof audience === 'string' && audience.length <= MAX_AUDIENCE_LENGTH && /^[\x21-\x7E]+$/.test(audience)
  )
}
