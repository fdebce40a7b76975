import { KEY_SORTS } from '@latchkey/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyIdFromUuid } from '../src/key-id.ts'
import { readCursor, writeCursor } from '../src/key-list.ts'
import { aKey } from './a-key.ts'

const sorts = fc.constantFrom(...KEY_SORTS)
const dates = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
const names = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
  .filter((name) => !name.includes('\0'))
const keys = fc
  .record({ id: fc.uuid().map(keyIdFromUuid), name: names, createdAt: dates })
  .map((fields) => aKey(fields))

describe('a cursor', () => {
  it('leads back to the key it was made of, in the same order', () => {
    fc.assert(
      fc.property(keys, sorts, (key, sort) => {
        const value = sort.endsWith('name') ? key.name : key.createdAt.toISOString()
        expect(readCursor(writeCursor(key, sort), sort)).toEqual({ value, id: key.id })
      }),
    )
  })

  it('means nothing in another order', () => {
    fc.assert(
      fc.property(keys, sorts, sorts, (key, sort, other) => {
        fc.pre(sort !== other)
        expect(readCursor(writeCursor(key, sort), other)).toBeNull()
      }),
    )
  })

  it('is text that needs no escaping in a URL', () => {
    fc.assert(
      fc.property(keys, sorts, (key, sort) => {
        expect(writeCursor(key, sort)).toMatch(/^[A-Za-z0-9_-]+$/)
      }),
    )
  })

  it('of a year that Postgres does not know is refused', () => {
    const key = aKey({ createdAt: new Date('0000-01-01T00:00:00.000Z') })
    expect(readCursor(writeCursor(key, 'createdAt'), 'createdAt')).toBeNull()
  })

  it('that was tampered with is refused or harmless: only text and an id can come out', () => {
    const json = fc.json().map((text) => Buffer.from(text).toString('base64url'))
    const almost = fc
      .tuple(sorts, fc.anything(), fc.anything())
      .map((parts) => Buffer.from(JSON.stringify(parts) ?? '').toString('base64url'))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), json, almost), sorts, (cursor, sort) => {
        const position = readCursor(cursor, sort)
        if (position !== null) expect(position.id).toMatch(/^key_[0-9a-z]{26}$/)
        else expect(position).toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })
})
