import { createHash, createHmac, hash, randomBytes } from 'node:crypto'
import * as crypto from 'node:crypto'
import { IMPORT_FORMATS, type ImportFormat, type ImportOptions, type ImportRow } from '@latchkey/engine'
import bcrypt from 'bcrypt'

/** A key of another system: its text, and what that system keeps of it. */
export interface ForeignKey {
  text: string
  row: Pick<ImportRow, 'format' | 'hash' | 'start' | 'hmacKey'>
}

export const hmacKeys = { old: 'a key of the other system', older: randomBytes(32) }

/** Every format at once. */
export const allImports = {
  formats: IMPORT_FORMATS,
  hmacKeys,
  startLength: 12,
} as const satisfies ImportOptions

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

let sanctumId = 0

/** Makes a key in each format that is quick to make, as the other system's documentation says. */
export const quickForeignKeys: Readonly<Record<string, () => ForeignKey>> = {
  'sha256 in hex': () => whole('sha256', (text) => hash('sha256', text, 'hex')),
  'sha256 in upper-case hex': () => whole('sha256', (text) => hash('sha256', text, 'hex').toUpperCase()),
  'sha256 in base64': () => whole('sha256', (text) => hash('sha256', text, 'base64')),
  'sha256 in base64url': () => whole('sha256', (text) => hash('sha256', text, 'base64url')),
  'sha512 in hex': () => whole('sha512', (text) => hash('sha512', text, 'hex')),
  'sha512 in base64': () => whole('sha512', (text) => hash('sha512', text, 'base64')),
  'sha512 in base64url': () => whole('sha512', (text) => hash('sha512', text, 'base64url')),
  'hmac-sha256': () => ofHmac('hmac-sha256', 'old'),
  'hmac-sha256 with another key': () => ofHmac('hmac-sha256', 'older'),
  'hmac-sha512': () => ofHmac('hmac-sha512', 'old'),
  'better-auth': () =>
    whole('better-auth', (text) => createHash('sha256').update(text).digest('base64url'), randomText(64)),
  unkey: () => whole('unkey', (text) => createHash('sha256').update(text).digest('base64')),
  'prefixed-api-key': () => {
    const [start, secret] = [`acme_corp_${randomText(8)}`, randomText(24)]
    const row = { format: 'prefixed-api-key', start, hash: hash('sha256', secret, 'hex') } as const
    return { text: `${start}_${secret}`, row }
  },
  sanctum: () => {
    const [start, secret] = [String(++sanctumId), randomText(48)]
    return {
      text: `${start}|${secret}`,
      row: { format: 'sanctum', start, hash: hash('sha256', secret, 'hex') },
    }
  },
  'drf-api-key': () => {
    const [start, secret] = [randomText(8), randomText(32)]
    const text = `${start}.${secret}`
    return { text, row: { format: 'drf-api-key', start, hash: `sha512$$${hash('sha512', text, 'hex')}` } }
  },
}

/** The same for hashes that are slow, at the lowest cost there is. */
export const slowForeignKeys: Readonly<Record<string, () => Promise<ForeignKey>>> = {
  bcrypt: async () => slow('bcrypt', (text) => bcrypt.hash(text, 4)),
  argon2: async () => slow('argon2', (text) => argon2(text, 'argon2id')),
  argon2i: async () => slow('argon2', (text) => argon2(text, 'argon2i')),
  argon2d: async () => slow('argon2', (text) => argon2(text, 'argon2d')),
  'drf-api-key with PBKDF2': async () => {
    const [start, secret, salt] = [randomText(8), randomText(32), randomText(16)]
    const text = `${start}.${secret}`
    const tag = crypto.pbkdf2Sync(text, salt, 1_000, 32, 'sha256').toString('base64')
    return { text, row: { format: 'drf-api-key', start, hash: `pbkdf2_sha256$1000$${salt}$${tag}` } }
  },
}

function whole(
  format: ImportFormat,
  digest: (text: string) => string,
  text = `sk_${randomText(32)}`,
): ForeignKey {
  return { text, row: { format, hash: digest(text), start: text.slice(0, 6) } }
}

function ofHmac(format: 'hmac-sha256' | 'hmac-sha512', hmacKey: keyof typeof hmacKeys): ForeignKey {
  const algorithm = format === 'hmac-sha256' ? 'sha256' : 'sha512'
  const text = `sk_${randomText(32)}`
  const digest = createHmac(algorithm, hmacKeys[hmacKey]).update(text).digest('hex')
  return { text, row: { format, hmacKey, hash: digest } }
}

async function slow(format: ImportFormat, hashOf: (text: string) => Promise<string>): Promise<ForeignKey> {
  const text = `sk_${randomText(32)}`
  return {
    text,
    row: { format, start: text.slice(0, allImports.startLength), hash: await hashOf(text) },
  }
}

/** A PHC string. */
async function argon2(text: string, variant: 'argon2id' | 'argon2i' | 'argon2d'): Promise<string> {
  const nonce = randomBytes(16)
  const tag = crypto.argon2Sync(variant, {
    message: text,
    nonce,
    memory: 64,
    passes: 1,
    parallelism: 2,
    tagLength: 32,
  })
  const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$${variant}$v=19$m=64,t=1,p=2$${bare(nonce)}$${bare(tag)}`
}
