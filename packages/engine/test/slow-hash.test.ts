import { hash, pbkdf2Sync } from 'node:crypto'
import bcrypt from 'bcrypt'
import { describe, expect, it } from 'vitest'
import { checkSlowHash, parseArgon2, parseBcrypt, parseDjango, parseSlowHash } from '../src/slow-hash.ts'
import { randomText } from './foreign-keys.ts'

/** Made by Django 3.2.25's own hashers, as djangorestframework-api-key calls them, at lower costs but for the first. */
const madeByDjango = [
  [
    'WhxPgDOT.SKLSz765rvBmKKUIeUeEPTIBiXL8KbsR',
    'pbkdf2_sha256$260000$saltsaltsaltsalt$18Bs+iqzfo2a0cUS6amgDgxaVgjhd9SlfLVY6xRYxPQ=',
  ],
  [
    'bTKINGUy.ZlLKA6JZOyfzmE0enBK3x8rTISuV2hLv',
    'pbkdf2_sha256$1000$PPt5GYiQ3NCfE9aopy6B1I$nf5w+nQEEviGiiuXW8kCQ59+TdLf6Mku8IDZtcd8O2k=',
  ],
  [
    'vjAkZZWS.qSRdkF4ud54ptjjw0POsQvYJc3S08qUy',
    'argon2$argon2id$v=19$m=64,t=1,p=2$YXpCZWFDQTRQWmtYUUZnTkhIOUw0cw$ip3nNn9DtwDw4SXE1btDJg',
  ],
  [
    'Um3bnxpJ.EN44f5VQnxATOzmvka4j0as7xGBvLZku',
    'bcrypt_sha256$$2b$04$lx15Hoem1vq3t9xDArW.FOZq5sqrSkAgELnDMUJke1aFdaTHU0yv6',
  ],
] as const

describe('a slow hash', () => {
  it.each(madeByDjango)('of Django fits its text and no other: %s', async (text, encoded) => {
    const slowHash = parseDjango(encoded)!
    expect(await checkSlowHash(text, slowHash)).toBe(true)
    expect(await checkSlowHash(`${text.slice(0, -1)}!`, slowHash)).toBe(false)
    expect(await checkSlowHash(text, parseSlowHash(encoded)!)).toBe(true)
  })

  it.each(['2a', '2b', '2y'])('of bcrypt is read by the name $%s', async (name) => {
    const text = randomText(40)
    const encoded = (await bcrypt.hash(text, 4)).replace('$2b', `$${name}`)
    expect(await checkSlowHash(text, parseBcrypt(encoded)!)).toBe(true)
    expect(await checkSlowHash(`${text}x`, parseBcrypt(encoded)!)).toBe(false)
  })

  it('of bcrypt fits no text longer than bcrypt reads, whose end it does not know', async () => {
    const text = randomText(72)
    const encoded = parseBcrypt(await bcrypt.hash(text, 4))!
    expect(await checkSlowHash(text, encoded)).toBe(true)
    expect(await bcrypt.compare(`${text}x`, await bcrypt.hash(text, 4))).toBe(true)
    expect(await checkSlowHash(`${text}x`, encoded)).toBe(false)
  })

  it('that would take too long, or is none, is not read', () => {
    const tail = 'a'.repeat(53)
    const phc = (parameters: string) => `$argon2id$v=19$${parameters}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA`
    const tag = pbkdf2Sync('x', 'salt', 1, 32, 'sha256').toString('base64')
    expect(parseBcrypt(`$2b$12$${tail}`)).not.toBeNull()
    expect(parseBcrypt(`$2b$17$${tail}`)).toBeNull()
    expect(parseBcrypt(`$2b$03$${tail}`)).toBeNull()
    expect(parseBcrypt(`$2x$12$${tail}`)).toBeNull()
    expect(parseBcrypt(`$2b$12$${tail}a`)).toBeNull()
    expect(parseArgon2(phc('m=65536,t=3,p=4'))).not.toBeNull()
    expect(parseArgon2(phc('m=1048576,t=3,p=4'))).toBeNull()
    expect(parseArgon2(phc('m=65536,t=1000,p=4'))).toBeNull()
    expect(parseArgon2(phc('m=65536,t=3,p=0'))).toBeNull()
    expect(parseArgon2(phc('m=8,t=3,p=4'))).toBeNull()
    expect(parseArgon2(phc('m=65536,t=3,p=4').replace('v=19', 'v=16'))).toBeNull()
    expect(parseDjango(`pbkdf2_sha256$870000$salt$${tag}`)).not.toBeNull()
    expect(parseDjango(`pbkdf2_sha256$99999999$salt$${tag}`)).toBeNull()
    expect(parseDjango(`pbkdf2_sha256$0$salt$${tag}`)).toBeNull()
    expect(parseDjango(`pbkdf2_sha256$1000$salt$${tag.slice(4)}`)).toBeNull()
    expect(parseDjango(`md5$salt$${hash('md5', 'x', 'hex')}`)).toBeNull()
  })
})
