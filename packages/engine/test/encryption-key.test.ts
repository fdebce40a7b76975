import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseEncryptionKey } from '../src/encryption-key.ts'

const parse = (given: unknown) => parseEncryptionKey('tokens.encryptionKey', given)

describe('an encryption key', () => {
  it('is taken as bytes, as hex and as base64 of either alphabet, and is never refused when it is random', () => {
    for (let i = 0; i < 5_000; i++) {
      const bytes = randomBytes(32)
      const texts = [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]
      for (const given of [bytes, ...texts]) expect(Buffer.from(parse(given)).equals(bytes)).toBe(true)
    }
  })

  it('is copied, so that nobody can change it later', () => {
    const given = randomBytes(32)
    const parsed = parse(given)
    const before = parsed[0]
    given[0]! ^= 255
    expect(parsed[0]).toBe(before)
  })

  it.each([
    ['nothing', undefined],
    ['no text', 7],
    ['empty text', ''],
    ['too few bytes', randomBytes(31)],
    ['too many bytes', randomBytes(33)],
    ['too few bytes as hex', randomBytes(16).toString('hex')],
    ['text of no encoding', 'a passphrase of 32 characters!!!'],
    ['base64 with something after it', `${randomBytes(32).toString('base64')}\n`],
  ])('is refused when it is %s', (_, given) => {
    expect(() => parse(given)).toThrow(/^tokens\.encryptionKey must be 32 random bytes, as `openssl/)
  })

  it.each([
    ['zeros', Buffer.alloc(32)],
    ['zeros as hex', '0'.repeat(64)],
    ['a few bytes again and again', Buffer.from('deadbeef'.repeat(8), 'hex')],
    ['a count', Uint8Array.from({ length: 32 }, (_, at) => at)],
    [
      'a count downwards as base64',
      Buffer.from(Array.from({ length: 32 }, (_, at) => 200 - at)).toString('base64'),
    ],
    ['text', Buffer.from('change-me-change_me+CHANGE*ME 32')],
    ['text as base64', Buffer.from('Every good boy does fine always!').toString('base64')],
  ])('is refused when it is %s, without a word of it', (_, given) => {
    expect(() => parse(given)).toThrow(
      /^tokens\.encryptionKey is not random\. Make one: `openssl rand -base64 32`\.$/,
    )
  })
})
