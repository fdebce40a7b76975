import { isIP } from 'node:net'
import { StartError } from './start-error.ts'

/** The provider by which people may sign in beside their password (OpenID Connect). */
export interface OpenIdOptions {
  issuer: URL
  clientId: string
  clientSecret: string
  /** What people call the provider. */
  name: string
}

const names = [
  'LATCHKEY_OPENID_ISSUER',
  'LATCHKEY_OPENID_CLIENT_ID',
  'LATCHKEY_OPENID_CLIENT_SECRET',
  'LATCHKEY_OPENID_NAME',
] as const

/**
 * All four variables or none of them.
 *
 * @throws {StartError} naming the variable and what it should be.
 */
export function readOpenId(get: (name: string) => string | null): OpenIdOptions | null {
  const [issuer, clientId, clientSecret, name] = names.map(get)
  if (!issuer && !clientId && !clientSecret && !name) return null
  if (!issuer || !clientId || !clientSecret || !name) {
    throw new StartError(
      `Set all of ${names.join(', ')}, or none. Missing: ${names.filter((each) => !get(each)).join(', ')}.`,
    )
  }
  if (name.length > 40) throw new StartError('LATCHKEY_OPENID_NAME is longer than 40 characters.')
  return { issuer: readIssuer(issuer), clientId, clientSecret, name }
}

/** Whoever can read or change what the provider says can sign in as anybody, so it is asked over https. */
function readIssuer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username
  if (!isPlain || (url.protocol === 'http:' && !isLoopback(url.hostname))) {
    throw new StartError(
      'LATCHKEY_OPENID_ISSUER is no https:// URL (http:// will do on this machine alone). Example: https://id.example.com',
    )
  }
  return url
}

export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}
