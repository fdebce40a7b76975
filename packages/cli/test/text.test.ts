import { describe, expect, it } from 'vitest'
import { barText } from '../src/import/progress.ts'
import { parseDuration, parseMoment } from '../src/moments.ts'
import { onOneLine, withoutSecrets } from '../src/plain-text.ts'
import { table, type Column } from '../src/table.ts'

describe('a table', () => {
  const columns: Column<string[]>[] = [
    { title: 'ID', cell: ([id]) => id! },
    { title: 'NAME', cell: ([, name]) => name!, minWidth: 6 },
    { title: 'NOTE', cell: ([, , note]) => note!, isOptional: true },
  ]
  const rows = [
    ['key_1', 'Integration with CRM', 'a note'],
    ['key_22', '日本語のキー', '-'],
  ]

  it('is aligned and cuts nothing where no terminal is', () => {
    expect(table(columns, rows, null)).toBe(
      [
        'ID      NAME                  NOTE',
        'key_1   Integration with CRM  a note',
        'key_22  日本語のキー          -',
      ].join('\n'),
    )
  })

  it('leaves optional columns out and cuts names, so that a line fits, and never an id', () => {
    expect(table(columns, rows, 20)).toBe(
      ['ID      NAME', 'key_1   Integration…', 'key_22  日本語のキー'].join('\n'),
    )
    expect(table(columns, rows, 15)).toBe(['ID      NAME', 'key_1   Integr…', 'key_22  日本語…'].join('\n'))
    const wide: Column<string[]>[] = [...columns.slice(0, 2), { title: 'LAST', cell: () => 'end' }]
    expect(table(wide, rows, 21)).toBe(
      ['ID      NAME     LAST', 'key_1   Integr…  end', 'key_22  日本語…  end'].join('\n'),
    )
    expect(table(columns, rows, 5).split('\n')[1]).toBe('key_1   Integ…')
  })

  it('shows what would give orders to a terminal', () => {
    expect(table(columns, [['k', '\u001b[2J\n', '']], null)).toContain('k   \\u001b[2J\\u000a')
    expect(onOneLine('a\u202Eb\u0007')).toBe('a\\u202eb\\u0007')
  })
})

it('cuts every secret of Latchkey to its beginning', () => {
  expect(withoutSecrets("unknown command 'acme_test_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'")).toBe(
    "unknown command 'acme_test_Xp2v…'",
  )
})

it.each([
  ['0', 0],
  ['90s', 90],
  ['15m', 900],
  ['24h', 86_400],
  ['7d', 604_800],
  ['7', null],
  ['1w', null],
  ['-1d', null],
])('reads the time %s as %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
})

it.each([
  ['2027-01-31', '2027-01-31T00:00:00.000Z'],
  ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
  ['2027-01-31 12:00:00.123456+00', '2027-01-31T12:00:00.123Z'],
  ['2027-01-31T12:00:00+05:45', '2027-01-31T06:15:00.000Z'],
  ['2027-01-31 12:00-0330', '2027-01-31T15:30:00.000Z'],
  ['2027-02-30', undefined],
  ['2027-01-31T25:00:00Z', undefined],
  ['2027-01-31T12:00:00', undefined],
  ['31.1.2027', undefined],
  ['1', undefined],
])('reads the moment %s as %s', (text, moment) => {
  expect(parseMoment(text)?.toISOString()).toBe(moment)
})

it('draws how far an import is', () => {
  const counts = { done: 45_210, added: 45_000, known: 198, failed: 12 }
  expect(barText(counts, { share: 0.452, seconds: 6 })).toBe(
    '[###########-------------]  45%  45,210 rows: 45,000 added, 198 known, 12 failed, 7,535/s',
  )
  expect(barText({ ...counts, done: 1 }, { share: null, seconds: 0.5 })).toBe(
    '1 row: 45,000 added, 198 known, 12 failed',
  )
})
