const LENGTH = 32
const HEX = /^[0-9a-f]{64}$/i
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/
/** Of 32 random bytes about 30 are different. */
const MIN_DIFFERENT = 16

/**
 * Reads a key of 32 random bytes, given as bytes, as hex, or as base64 of either alphabet. Refuses what was typed or
 * copied from somewhere: random bytes never look like text, like a count or like few bytes repeated.
 *
 * @param name of the option, for the message, which never has anything of the key.
 * @throws Error, a sentence for the developer.
 */
export function parseEncryptionKey(name: string, given: unknown): Uint8Array {
  const bytes = bytesOf(given)
  if (bytes?.length !== LENGTH) {
    throw new Error(`${name} must be ${LENGTH} random bytes, as ${HOW_TO_MAKE} prints them.`)
  }
  if (looksMadeUp(bytes)) {
    throw new Error(`${name} is not random. Make one: ${HOW_TO_MAKE}.`)
  }
  return bytes
}

const HOW_TO_MAKE = '`openssl rand -base64 32`'

function bytesOf(given: unknown): Uint8Array | null {
  if (given instanceof Uint8Array) return Uint8Array.from(given)
  if (typeof given !== 'string') return null
  if (HEX.test(given)) return Buffer.from(given, 'hex')
  return BASE64.test(given) ? Buffer.from(given, 'base64') : null
}

function looksMadeUp(bytes: Uint8Array): boolean {
  const steps = bytes.subarray(1).map((byte, at) => byte - bytes[at]!)
  return (
    new Set(bytes).size < MIN_DIFFERENT ||
    new Set(steps).size === 1 ||
    bytes.every((byte) => byte >= 32 && byte < 127)
  )
}
