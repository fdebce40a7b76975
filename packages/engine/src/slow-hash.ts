// As a whole, for older versions of Node.js have no argon2 to import.
import * as crypto from 'node:crypto'
import { promisify } from 'node:util'

/** A hash that is slow on purpose, as it was meant for passwords, ready to be compared with a text. */
export type SlowHash =
  | { algorithm: 'bcrypt'; encoded: string; isOfDigest: boolean }
  | { algorithm: 'argon2'; variant: Variant; parameters: Argon2Parameters; tag: Buffer }
  | { algorithm: 'pbkdf2'; digest: 'sha1' | 'sha256'; iterations: number; salt: string; tag: Buffer }

type Variant = 'argon2d' | 'argon2i' | 'argon2id'

interface Argon2Parameters {
  nonce: Buffer
  memory: number
  passes: number
  parallelism: number
}

/** Above these a single check would take the machine away from everybody else for seconds. */
const MAX_BCRYPT_COST = 16
const MAX_ARGON2_MEMORY_KIB = 2 ** 18
const MAX_ARGON2_PASSES = 32
const MAX_ARGON2_LANES = 16
const MAX_PBKDF2_ITERATIONS = 5_000_000
/** bcrypt reads no further, so of a longer text it proves the beginning only. */
const MAX_BCRYPT_BYTES = 72

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/
const ARGON2 = /^\$(argon2id?|argon2d)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/
const PBKDF2 = /^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$([^$]+)$/

/** Reads a slow hash of any kind; no two kinds look alike. */
export function parseSlowHash(text: string): SlowHash | null {
  return parseBcrypt(text) ?? parseArgon2(text) ?? parseDjango(text)
}

/** Reads a modular crypt string of bcrypt, `$2b$...`. */
export function parseBcrypt(text: string): SlowHash | null {
  const cost = Number(BCRYPT.exec(text)?.[1])
  if (!(cost >= 4 && cost <= MAX_BCRYPT_COST)) return null
  // PHP's 2y and OpenBSD's 2b are two names of one algorithm.
  return { algorithm: 'bcrypt', encoded: text.replace(/^\$2y/, '$2b'), isOfDigest: false }
}

/** Reads a PHC string of Argon2, `$argon2id$v=19$m=...`. */
export function parseArgon2(text: string): SlowHash | null {
  const match = ARGON2.exec(text)
  if (match === null) return null
  const [, variant, memory, passes, parallelism, nonce, tag] = match
  const parameters = {
    nonce: Buffer.from(nonce!, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  }
  const isBearable =
    parameters.memory <= MAX_ARGON2_MEMORY_KIB &&
    parameters.memory >= 8 * parameters.parallelism &&
    isWithin(parameters.passes, MAX_ARGON2_PASSES) &&
    isWithin(parameters.parallelism, MAX_ARGON2_LANES)
  const bytes = Buffer.from(tag!, 'base64')
  if (!isBearable || parameters.nonce.length < 8 || bytes.length < 16) return null
  return { algorithm: 'argon2', variant: variant as Variant, parameters, tag: bytes }
}

/** Reads what Django keeps of a password: the name of an algorithm before what that algorithm needs. */
export function parseDjango(text: string): SlowHash | null {
  const nameEnd = text.indexOf('$')
  const rest = text.slice(nameEnd + 1)
  switch (text.slice(0, nameEnd)) {
    case 'argon2':
      return parseArgon2(`$${rest}`)
    case 'bcrypt':
      return parseBcrypt(rest)
    case 'bcrypt_sha256': {
      const parsed = parseBcrypt(rest)
      return parsed?.algorithm === 'bcrypt' ? { ...parsed, isOfDigest: true } : null
    }
    default:
      return parsePbkdf2(text)
  }
}

function parsePbkdf2(text: string): SlowHash | null {
  const match = PBKDF2.exec(text)
  if (match === null) return null
  const [, name, count, salt, written] = match
  const digest = name as 'sha1' | 'sha256'
  const iterations = Number(count)
  const tag = Buffer.from(written!, 'base64')
  const isWhole = tag.length === (digest === 'sha256' ? 32 : 20)
  if (!isWhole || !isWithin(iterations, MAX_PBKDF2_ITERATIONS)) return null
  return { algorithm: 'pbkdf2', digest, iterations, salt: salt!, tag }
}

function isWithin(number: number, max: number): boolean {
  return number >= 1 && number <= max
}

/** Whether this process can check hashes of an algorithm; if not, a sentence that says what it lacks. */
export async function whatSlowHashLacks(algorithm: SlowHash['algorithm']): Promise<string | null> {
  if (algorithm === 'argon2' && (crypto.argon2 as unknown) === undefined) return 'needs Node.js 24.7 or later'
  if (algorithm !== 'bcrypt') return null
  return import('bcrypt').then(
    () => null,
    () => 'needs the package bcrypt: npm install bcrypt',
  )
}

/** Whether a text has this hash. The work is done by libuv's threads, so the event loop goes on meanwhile. */
export async function checkSlowHash(text: string, hash: SlowHash): Promise<boolean> {
  switch (hash.algorithm) {
    case 'bcrypt': {
      const password = hash.isOfDigest ? crypto.hash('sha256', text, 'hex') : text
      if (Buffer.byteLength(password) > MAX_BCRYPT_BYTES) return false
      const { default: bcrypt } = await import('bcrypt')
      return bcrypt.compare(password, hash.encoded)
    }
    case 'argon2': {
      const { variant, parameters, tag } = hash
      const options = { ...parameters, message: text, tagLength: tag.length }
      return crypto.timingSafeEqual(await promisify(crypto.argon2)(variant, options), tag)
    }
    case 'pbkdf2': {
      const { salt, iterations, tag, digest } = hash
      return crypto.timingSafeEqual(
        await promisify(crypto.pbkdf2)(text, salt, iterations, tag.length, digest),
        tag,
      )
    }
  }
}
