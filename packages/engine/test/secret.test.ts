import { crc32 } from 'node:zlib'
import { generateSecret, isKeyPrefix, parseSecret, SECRET_PATTERN } from '@latchkey/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashBytes, hashFromBytes, hashSecret } from '../src/secret.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_LENGTH = 36
const ENTROPY_LENGTH = 30

const environments = fc.constantFrom('live' as const, 'test' as const)
const prefixes = fc.stringMatching(/^[a-z](?:[a-z0-9_]{0,14}[a-z0-9])?$/)
const secrets = fc.record({ prefix: prefixes, environment: environments }).map((parts) => ({
  ...parts,
  secret: generateSecret(parts),
}))

describe('generateSecret', () => {
  it('makes secrets that parse back into their parts, whatever the prefix', () => {
    fc.assert(
      fc.property(secrets, ({ prefix, environment, secret }) => {
        const start = `${prefix}_${environment}_${secret.slice(-BODY_LENGTH).slice(0, 4)}`
        expect(parseSecret(secret)).toEqual({ prefix, environment, start })
      }),
    )
  })

  it('makes secrets that are one word of at most 255 characters, so a double click selects all of it', () => {
    fc.assert(
      fc.property(secrets, ({ secret }) => {
        expect(secret).toMatch(/^[A-Za-z0-9_]{1,255}$/)
      }),
    )
  })

  it('makes secrets that the published pattern recognises in the middle of other text', () => {
    const surroundings = fc.constantFrom('', ' ', '"', '=', ':', '/', '\n', ',')
    fc.assert(
      fc.property(secrets, surroundings, surroundings, ({ secret }, before, after) => {
        const found = `${before}${secret}${after}`.match(new RegExp(SECRET_PATTERN))
        expect(found?.[0]).toBe(secret)
      }),
    )
  })

  it('draws every character equally often at every place, and never the same secret twice', () => {
    const count = 30_000
    const seen = new Set<string>()
    const counts = Array.from({ length: ENTROPY_LENGTH }, () => new Map<string, number>())
    for (let i = 0; i < count; i++) {
      const body = generateSecret({ prefix: 'lk', environment: 'live' }).slice(-BODY_LENGTH)
      seen.add(body)
      counts.forEach((ofPlace, place) => {
        ofPlace.set(body[place]!, (ofPlace.get(body[place]!) ?? 0) + 1)
      })
    }
    expect(seen.size).toBe(count)
    // Chi-square with 61 degrees of freedom: beyond 150 once in about 10^9 honest runs.
    for (const ofPlace of counts) expect(chiSquare(ofPlace, count)).toBeLessThan(150)
  })

  it('throws away the bytes that would favour some characters', () => {
    const drawn = [248, 255, 0, 61, 62, 247]
    const bytes = Uint8Array.from({ length: 30 }, (_, i) => drawn[i % drawn.length]!)
    const secret = generateSecret({ prefix: 'lk', environment: 'test' }, () => bytes)
    expect(secret.slice('lk_test_'.length, -6)).toBe('0z0z'.repeat(8).slice(0, ENTROPY_LENGTH))
  })
})

describe('parseSecret', () => {
  it.each([
    'zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17',
    'M7H4jxUDDWHP4kZ6A4dxlQYsQIWJuq11T4V4',
    'HEEjXavM6wKtyhAUwDblMznMEhWyTt4XwY6f',
    'QdwULL38u41vs1OcAjhKqcaSZ9W63r0Zu4ln',
  ])("agrees with GitHub's checksum: %s", (body) => {
    expect(parseSecret(`lk_live_${body}`)).not.toBeNull()
  })

  it('ends a secret in the CRC-32 of its random characters, as zip has it, in base62', () => {
    for (let i = 0; i < 500; i++) {
      const body = generateSecret({ prefix: 'lk', environment: 'live' }).slice(-36)
      const value = [...body.slice(30)].reduce((sum, digit) => sum * 62 + BASE62.indexOf(digit), 0)
      expect(value).toBe(crc32(body.slice(0, 30)))
    }
  })

  it('refuses a secret with any one character of its body changed', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.nat(BODY_LENGTH - 1),
        fc.constantFrom(...BASE62),
        ({ secret }, place, character) => {
          const at = secret.length - BODY_LENGTH + place
          fc.pre(secret[at] !== character)
          expect(parseSecret(secret.slice(0, at) + character + secret.slice(at + 1))).toBeNull()
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('refuses a secret with two neighbouring characters exchanged', () => {
    fc.assert(
      fc.property(secrets, fc.nat(BODY_LENGTH - 2), ({ secret }, place) => {
        const at = secret.length - BODY_LENGTH + place
        fc.pre(secret[at] !== secret[at + 1])
        const exchanged = secret.slice(0, at) + secret[at + 1]! + secret[at]! + secret.slice(at + 2)
        expect(parseSecret(exchanged)).toBeNull()
      }),
    )
  })

  it('refuses a secret with a character too few or too many anywhere behind the prefix', () => {
    fc.assert(
      fc.property(secrets, fc.nat(BODY_LENGTH), fc.constantFrom(...BASE62), ({ secret }, back, character) => {
        const at = secret.length - back
        const behindPrefix = secret.length - BODY_LENGTH - '_live_'.length
        expect(parseSecret(secret.slice(0, at) + character + secret.slice(at))).toBeNull()
        fc.pre(at - 1 >= behindPrefix)
        expect(parseSecret(secret.slice(0, at - 1) + secret.slice(at))).toBeNull()
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['a space before', ' lk_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['a line break after', 'lk_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17\n'],
    ['another environment', 'lk_prod_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['no environment', 'lk_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['no prefix', '_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['an upper-case prefix', 'LK_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['a prefix of 17 characters', 'abcdefghijklmnopq_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17'],
    ['a character outside base62', 'lk_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxk-0mLq17'],
    ['a full-width digit', 'lk_live_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq1７'],
  ])('refuses %s', (_, text) => {
    expect(parseSecret(text)).toBeNull()
  })

  it('never throws, and never believes arbitrary text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(parseSecret(text)).toBeNull()
      }),
    )
  })
})

describe('isKeyPrefix', () => {
  it.each(['a', 'lk', 'my_app', 'a_live', 'k2', 'abcdefghijklmnop'])('accepts %s', (prefix) => {
    expect(isKeyPrefix(prefix)).toBe(true)
  })

  it.each(['', '_lk', 'lk_', '2k', 'LK', 'l-k', 'lk\n', 'ключ', 'abcdefghijklmnopq'])(
    'refuses %j',
    (prefix) => {
      expect(isKeyPrefix(prefix)).toBe(false)
    },
  )
})

describe('hashSecret', () => {
  it('is SHA-256, one character for each byte', () => {
    const bytes = hashBytes(hashSecret('abc'))
    expect(bytes.toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(hashFromBytes(bytes)).toBe(hashSecret('abc'))
  })
})

function chiSquare(counts: Map<string, number>, total: number): number {
  const expected = total / BASE62.length
  return [...BASE62].reduce((sum, character) => {
    const difference = (counts.get(character) ?? 0) - expected
    return sum + (difference * difference) / expected
  }, 0)
}
