import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { containing, decodeCursor, encodeCursor } from '../src/crm/page.ts'
import { generateId, generateUuid, parseId, toId } from '../src/id.ts'

describe('a cursor', () => {
  it('comes back as the UUID it was made of', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(decodeCursor(encodeCursor(uuid))).toBe(uuid)
      }),
    )
  })

  it('has one spelling: every other text is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), (text) => {
        const uuid = decodeCursor(text)
        expect(uuid === null || encodeCursor(uuid) === text).toBe(true)
      }),
    )
  })
})

describe('an id', () => {
  it('carries its prefix and comes back as its UUID', () => {
    const uuid = generateUuid()
    expect(toId('contact', uuid)).toMatch(/^contact_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
    expect(parseId('contact', toId('contact', uuid))).toBe(uuid)
    expect(generateId('user')).toMatch(/^user_/)
  })

  it('is refused under another prefix and in any other spelling', () => {
    const id = toId('contact', generateUuid())
    const others = [
      id.replace('contact', 'company'),
      id.toUpperCase(),
      `${id}0`,
      id.slice(0, -1),
      ` ${id}`,
      'contact_80000000000000000000000000',
      'contact_',
      'contact',
      '',
      '__proto__',
      generateUuid(),
    ]
    expect(others.map((text) => parseId('contact', text))).toEqual(others.map(() => null))
  })
})

describe('containing', () => {
  it('leaves no sign of a pattern that works', () => {
    expect(containing('50%_\\')).toBe('%50\\%\\_\\\\%')
  })
})
