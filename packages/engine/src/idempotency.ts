import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/** Shorter ones could be guessed by whoever holds the database, and with them the secret could be read. */
export const MIN_IDEMPOTENCY_KEY_LENGTH = 16
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255

const SALT_LENGTH = 32
const NONCE_LENGTH = 12
const TAG_LENGTH = 16

/** Whether a text may serve as an Idempotency-Key: printable ASCII of a sensible length. A UUID is best. */
export function isIdempotencyKey(text: string): boolean {
  return (
    text.length >= MIN_IDEMPOTENCY_KEY_LENGTH &&
    text.length <= MAX_IDEMPOTENCY_KEY_LENGTH &&
    /^[\x20-\x7E]+$/.test(text)
  )
}

/** Under which a request is remembered. The Idempotency-Key itself is never stored. */
export function idempotencyId(request: {
  namespace: string
  owner: string
  actorId: string
  idempotencyKey: string
}): Buffer {
  const { namespace, owner, actorId, idempotencyKey } = request
  return sha256(JSON.stringify([namespace, owner, actorId, idempotencyKey]))
}

/** Tells whether two requests ask for the same. The order of an object's fields means nothing, so it counts for nothing. */
export function fingerprint(request: unknown): Buffer {
  return sha256(JSON.stringify(request, (_, value: unknown) => (isRecord(value) ? sortFields(value) : value)))
}

/**
 * Encrypts a secret so that only a repetition of the request can open it: the AES-256-GCM key is derived from
 * the Idempotency-Key, which the database does not hold, and a random salt, which it does.
 */
export function sealSecret(secret: string, idempotencyKey: string): Buffer {
  const salt = randomBytes(SALT_LENGTH)
  const nonce = randomBytes(NONCE_LENGTH)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(idempotencyKey, salt), nonce)
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed])
}

/** Opens what {@link sealSecret} made. @throws when the Idempotency-Key is another one or a byte was changed. */
export function openSecret(sealed: Uint8Array, idempotencyKey: string): string {
  const bytes = Buffer.from(sealed)
  const salt = bytes.subarray(0, SALT_LENGTH)
  const nonce = bytes.subarray(SALT_LENGTH, SALT_LENGTH + NONCE_LENGTH)
  const tag = bytes.subarray(SALT_LENGTH + NONCE_LENGTH, SALT_LENGTH + NONCE_LENGTH + TAG_LENGTH)
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(idempotencyKey, salt), nonce, {
    authTagLength: TAG_LENGTH,
  }).setAuthTag(tag)
  const text = decipher.update(bytes.subarray(SALT_LENGTH + NONCE_LENGTH + TAG_LENGTH))
  return Buffer.concat([text, decipher.final()]).toString('utf8')
}

function deriveKey(idempotencyKey: string, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', idempotencyKey, salt, 'latchkey idempotency', 32))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortFields(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
