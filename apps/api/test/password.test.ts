import { describe, expect, it } from 'vitest'
import { hashPassword, judgePassword, verifyPassword } from '../src/account/password.ts'

const email = 'ada@example.com'

describe('judgePassword', () => {
  it.each([
    ['fifteen characters', 'a1b2c3d4e5f6g7h'],
    ['spaces', 'seven tidy otters swim'],
    ['64 characters', 'abcdefgh'.repeat(8)],
    ['256 characters', 'abcdefgh'.repeat(32)],
    ['256 characters of two code units', '🦦🐟🌊🪨🌿🐚🦆🐸'.repeat(32)],
    ['other scripts', 'пятнадцать букв и ещё'],
  ])('takes a password with %s', (_what, password) => {
    expect(judgePassword(password, email)).toBeNull()
  })

  it.each([
    ['14 characters', 'a1b2c3d4e5f6g7', 'at least 15'],
    ['14 characters of two code units', '🦦🐟🌊🪨🌿🐚🦆🐸🦦🐟🌊🪨🌿🐚', 'at least 15'],
    ['257 characters', `${'abcdefgh'.repeat(32)}i`, 'at most 256'],
    ['half a character', `seven tidy otters ${'\ud83e'}`, 'half of a character'],
    ['a well-known text', 'CorrectHorseBatteryStaple', 'too easy'],
    ['a few letters over and over', 'abababababababababab', 'too easy'],
    ['the e-mail address', 'ADA.of.example@example.com', null],
    ['the e-mail address', 'ADA@example.com', 'too easy'],
  ])('judges %s', (_what, password, complaint) => {
    const verdict = judgePassword(password, password.includes('@') ? 'ada@example.com' : email)
    if (complaint === null) expect(verdict).toBeNull()
    else expect(verdict).toContain(complaint)
  })
})

describe('hashPassword', () => {
  it('makes a salted argon2id hash that fits the password and no other', async () => {
    const password = 'seven tidy otters'
    const [first, second] = await Promise.all([hashPassword(password), hashPassword(password)])
    expect(first).toMatch(/^\$argon2id\$v=19\$m=47104,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(second).not.toBe(first)
    expect(await verifyPassword({ hash: first, password })).toBe(true)
    expect(await verifyPassword({ hash: first, password: 'seven tidy otterz' })).toBe(false)
  })

  it('compares exact bytes: nothing is cut, normalised or case-folded', async () => {
    const long = 'x'.repeat(100)
    const pairs = [
      [`${long}1`, `${long}2`],
      ['ﬁfteen characters', 'fifteen characters'],
      ['e\u0301fifteen-characters', '\u00e9fifteen-characters'],
      ['Fifteen-characters', 'fifteen-characters'],
      ['fifteen-characters', 'fifteen-characters '],
      ['fifteen\u0000-characters', 'fifteen\u0000-letters'],
    ] as const
    for (const [password, other] of pairs) {
      const hash = await hashPassword(password)
      expect(await verifyPassword({ hash, password })).toBe(true)
      expect(await verifyPassword({ hash, password: other })).toBe(false)
    }
  })

  it('reads the cost from the stored hash, so that it can be raised later', async () => {
    // argon2id, one pass over 64 KiB, of "password" with the salt "somesaltsomesalt", made elsewhere.
    const hash = await cheapHash('seven tidy otters')
    expect(await verifyPassword({ hash, password: 'seven tidy otters' })).toBe(true)
    expect(await verifyPassword({ hash, password: 'seven tidy otterz' })).toBe(false)
  })

  it('takes a stored hash that it cannot read for a fault, never for a wrong password', async () => {
    await expect(verifyPassword({ hash: 'plain', password: 'plain' })).rejects.toThrow('stored password hash')
  })
})

async function cheapHash(password: string): Promise<string> {
  const { argon2Sync } = await import('node:crypto')
  const nonce = Buffer.from('somesaltsomesalt')
  const options = { message: password, nonce, memory: 64, passes: 3, parallelism: 2, tagLength: 16 }
  const tag = argon2Sync('argon2id', options)
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=64,t=3,p=2$${text(nonce)}$${text(tag)}`
}
