import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits as 43 characters that need no escaping in a link. */
export function generateToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * What the database keeps of a token. A plain SHA-256 is enough: a token of more than 128 random bits cannot be
 * guessed from its hash, so a slow hash would only slow down every request.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
