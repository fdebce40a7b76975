import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(argon2)

/** OWASP's first choice for argon2id (46 MiB, one pass). A stored hash names its own, so these may grow. */
const parameters = { memory: 47104, passes: 1, parallelism: 1 }
const tagBytes = 32
const version = 19

export const minPasswordLength = 15
export const maxPasswordLength = 256

/** Long enough, and the first that a guesser tries. */
const blocklist = new Set([
  'passwordpassword',
  'password12345678',
  'password123456789',
  'passw0rdpassw0rd',
  '123456789012345',
  '1234567890123456',
  '123456789123456789',
  '12345678901234567890',
  'qwertyuiopasdfgh',
  'qwertyuiopasdfghjkl',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv',
  '1q2w3e4r5t6y7u8i',
  'abcdefghijklmno',
  'abcdefghijklmnop',
  'abcdefghijklmnopqrstuvwxyz',
  'iloveyouiloveyou',
  'letmeinletmeinletmein',
  'administratoradministrator',
  'adminadminadmin',
  'changemechangeme',
  'correcthorsebatterystaple',
  'correct horse battery staple',
])

/**
 * What is wrong with a new password, as a sentence for the person who chose it; null when nothing is. Length is
 * what counts: no rule asks for digits or signs.
 */
export function judgePassword(password: string, email: string): string | null {
  const length = [...password].length
  if (length < minPasswordLength) return `Choose a password of at least ${minPasswordLength} characters.`
  if (length > maxPasswordLength) return `Choose a password of at most ${maxPasswordLength} characters.`
  if (!password.isWellFormed()) return 'The password holds half of a character. Type it again.'
  const plain = password.toLowerCase()
  if (blocklist.has(plain) || new Set(plain).size < 5 || plain === email.toLowerCase()) {
    return 'This password is too easy to guess. Choose another.'
  }
  return null
}

/**
 * argon2id of the password's exact bytes, never normalised or cut, in the usual text form
 * `$argon2id$v=19$m=...,t=...,p=...$salt$hash`.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive('argon2id', {
    ...parameters,
    message: password,
    nonce: salt,
    tagLength: tagBytes,
  })
  const { memory, passes, parallelism } = parameters
  return `$argon2id$v=${version}$m=${memory},t=${passes},p=${parallelism}$${toText(salt)}$${toText(hash)}`
}

export async function verifyPassword({
  hash,
  password,
}: {
  hash: string
  password: string
}): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash)
  if (parts === null) throw new Error('A stored password hash is not in the form that this version writes.')
  const [memory, passes, parallelism] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const nonce = Buffer.from(parts[4]!, 'base64')
  const expected = Buffer.from(parts[5]!, 'base64')
  const actual = await derive('argon2id', {
    message: password,
    nonce,
    memory,
    passes,
    parallelism,
    tagLength: expected.length,
  })
  return timingSafeEqual(actual, expected)
}

function toText(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
