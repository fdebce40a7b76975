import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createKeyId, earliestKeyId, keyIdFromUuid, keyIdToUuid } from '../src/key-id.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

it('is a UUID in another spelling, there and back', () => {
  for (let i = 0; i < 100; i++) {
    const id = createKeyId()
    const uuid = keyIdToUuid(id)!
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(keyIdFromUuid(uuid)).toBe(id)
  }
})

it('sorts after the earliest of its moment and before that of a later one', () => {
  const before = Date.now()
  const id = createKeyId()
  const after = Date.now() + 1
  expect(earliestKeyId(before) < id && id < earliestKeyId(after)).toBe(true)
  expect(earliestKeyId(-1)).toBe(`key_${'0'.repeat(26)}`)
})

it('is never an error, whatever was sent in its place', () => {
  const id = createKeyId()
  for (let at = 0; at < id.length; at++) {
    for (const digit of ALPHABET) {
      const uuid = keyIdToUuid(id.slice(0, at) + digit + id.slice(at + 1))
      expect(uuid === null || uuid.length === 36).toBe(true)
    }
  }
  for (let i = 0; i < 1_000; i++) {
    const digits = [...randomBytes(25)].map((byte) => ALPHABET[byte & 31]).join('')
    expect(() => keyIdToUuid(`key_0${digits}`)).not.toThrow()
  }
})
