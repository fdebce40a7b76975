import type { IncomingMessage } from 'node:http'
import type { Environment } from '@latchkey/engine'
import type { ProblemCode } from './problem.ts'

/** Why a request presents no secret that could be judged. */
export interface CredentialFault {
  readonly problem: Extract<ProblemCode, 'unauthenticated' | 'invalid_key' | 'multiple_credentials'>
}

const NONE: CredentialFault = Object.freeze({ problem: 'unauthenticated' })
const INVALID: CredentialFault = Object.freeze({ problem: 'invalid_key' })
const MULTIPLE: CredentialFault = Object.freeze({ problem: 'multiple_credentials' })

/** No secret is near as long; nothing longer is looked at, much less hashed. */
const MAX_HEADER_LENGTH = 4_096

/**
 * Reads the secret that a request presents, in `Authorization: Bearer` (the scheme in any case, then exactly
 * one space) or in `X-API-Key`; nowhere else, and never in the address.
 *
 * It reads the headers as they came over the wire: Node keeps but one of two `Authorization` headers, and which
 * of two credentials counts must not depend on who sits in between. It runs at every request, so it allocates
 * nothing but the slice it returns.
 */
export function readSecret(request: Pick<IncomingMessage, 'rawHeaders'>): string | CredentialFault {
  const { rawHeaders } = request
  let credential: string | undefined
  let isFromAuthorization = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    const isBearer = isAuthorization(name)
    if (!isBearer && !isKeyHeader(name)) continue
    if (credential !== undefined) return MULTIPLE
    credential = rawHeaders[index + 1]!
    isFromAuthorization = isBearer
  }
  if (credential === undefined) return NONE
  if (credential.length > MAX_HEADER_LENGTH) return INVALID
  return isFromAuthorization ? readBearer(credential) : credential
}

/**
 * Whether a request presents what begins like a secret with this prefix, in either header. A host's own tokens may
 * come in the same headers; they are not for Latchkey to judge.
 */
export function presentsSecretOf(
  keyPrefix: string,
  { rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>,
): boolean {
  const beginsLikeSecret = (text: string | CredentialFault) =>
    typeof text === 'string' &&
    ENVIRONMENTS.some((environment) => text.startsWith(`${keyPrefix}_${environment}_`))
  return rawHeaders.some((name, index) => {
    if (index % 2 === 1) return false
    const value = rawHeaders[index + 1]!
    if (isKeyHeader(name)) return beginsLikeSecret(value)
    return isAuthorization(name) && beginsLikeSecret(readBearer(value))
  })
}

const ENVIRONMENTS: readonly Environment[] = ['live', 'test']

/** `Basic` and other schemes are credentials for someone else, so here they count as none. */
function readBearer(authorization: string): string | CredentialFault {
  if (authorization.startsWith('Bearer ')) return authorization.slice(7)
  const scheme = authorization.slice(0, 6).toLowerCase()
  const boundary = authorization.charCodeAt(6)
  const isBearer = scheme === 'bearer' && !(boundary > 32)
  if (!isBearer) return NONE
  return boundary === 32 ? authorization.slice(7) : INVALID
}

/** Most headers differ in length alone, and most clients write it in one of two ways: a lower-case copy is seldom needed. */
function isAuthorization(name: string): boolean {
  if (name.length !== 13) return false
  return name === 'Authorization' || name === 'authorization' || name.toLowerCase() === 'authorization'
}

function isKeyHeader(name: string): boolean {
  if (name.length !== 9) return false
  return name === 'X-API-Key' || name === 'x-api-key' || name.toLowerCase() === 'x-api-key'
}
