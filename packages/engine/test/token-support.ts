import { randomBytes } from 'node:crypto'
import type { TokenOptions, VerifiedKey } from '@latchkey/engine'

export const issuer = 'https://api.example.com'
export const audience = 'https://reports.example.com'

/** Options of a host that issues tokens, with an encryption key that no other test has. */
export function tokenOptions(differences: Partial<TokenOptions> = {}): TokenOptions {
  return { issuer, audiences: [audience], encryptionKey: randomBytes(32), ...differences }
}

/** A key as it is when it was just verified. */
export function aVerifiedKey(differences: Partial<VerifiedKey> = {}): VerifiedKey {
  return {
    id: 'key_01h455vb4pex5vsknk084sn02q',
    owner: 'owner',
    name: 'A key',
    environment: 'live',
    scopes: ['contacts:read'],
    metadata: {},
    ...differences,
  }
}
