import { MAX_NAME_LENGTH, parseKeyName } from '@latchkey/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '\u0301', '\u200B', '\u202E', '\uD800', '\u0000', '👩‍👩‍👧') }),
)

describe('parseKeyName', () => {
  it('gives back only names that are composed, trimmed, short and stable', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseKeyName(text)
        if (!parsed.ok) {
          expect(parsed.message).toMatch(/^must /)
          return
        }
        const { name } = parsed
        expect(name).toBe(text.normalize('NFC').trim())
        expect([...name].length).toBeGreaterThanOrEqual(1)
        expect([...name].length).toBeLessThanOrEqual(MAX_NAME_LENGTH)
        expect(name.isWellFormed()).toBe(true)
        // eslint-disable-next-line no-control-regex
        expect(name).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/)
        expect(parseKeyName(name)).toEqual(parsed)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['Production', 'Production'],
    ['  spaces around  ', 'spaces around'],
    ['Cafe\u0301', 'Café'],
    ['ключ', 'ключ'],
    ['鍵'.repeat(64), '鍵'.repeat(64)],
    ['🔑'.repeat(64), '🔑'.repeat(64)],
    ['👩‍👩‍👧‍👦 family', '👩‍👩‍👧‍👦 family'],
    ['مفتاح', 'مفتاح'],
    [
      "<img src=x onerror=alert(1)> {{7*7}} ${7*7} '-- =1",
      "<img src=x onerror=alert(1)> {{7*7}} ${7*7} '-- =1",
    ],
  ])('accepts %j', (text, name) => {
    expect(parseKeyName(text)).toEqual({ ok: true, name })
  })

  it.each([
    ['nothing', ''],
    ['spaces only', ' \t\u00A0\u3000 '],
    ['65 characters', 'x'.repeat(65)],
    ['65 emoji', '🔑'.repeat(65)],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['U+0000', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['a C1 control', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['a lone high surrogate', 'a\uD800b'],
    ['a lone low surrogate', 'a\uDC00b'],
    ['a right-to-left override', 'abc\u202Edef'],
    ['an isolate', 'abc\u2066def'],
    ['zero-width characters only', '\u200B\u200D\u2060'],
    ['a combining mark only', '\u0301'],
    ['a Hangul filler only', '\u3164'],
    ['a Braille blank only', '\u2800'],
    ['a soft hyphen only', '\u00AD'],
  ])('refuses %s', (_, text) => {
    expect(parseKeyName(text).ok).toBe(false)
  })
})
