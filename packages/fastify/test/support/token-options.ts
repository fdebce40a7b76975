import { randomBytes } from 'node:crypto'
import type { TokenOptions } from '@latchkey/engine'

export const ISSUER = 'https://api.example.com'
export const AUDIENCE = 'https://reports.example.com'

/** Options of a host that issues tokens, with an encryption key of its own. */
export function tokenOptions(differences: Partial<TokenOptions> = {}): TokenOptions {
  return { issuer: ISSUER, audiences: [AUDIENCE, 'search'], encryptionKey: randomBytes(32), ...differences }
}
