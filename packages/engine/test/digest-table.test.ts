import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DigestTable, type DigestTableOptions } from '../src/digest-table.ts'

const digest = (number: number) => createHash('sha256').update(String(number)).digest('binary')
const entry = { readMs: 0, lifetimeMs: 1_000 }

function aTable(maxEntries: number, options: Partial<DigestTableOptions<number>> = {}) {
  return new DigestTable<number>({
    maxEntries,
    maxBytes: Infinity,
    unconfirmedPart: 1,
    bytesOf: () => 1,
    ...options,
  })
}

describe('the table of digests', () => {
  it('behaves like a Map while it has room, whatever comes and goes', () => {
    // Few first bytes, so that many digests want the same place.
    const digests = fc
      .integer({ min: 0, max: 60 })
      .map((n) => `\u0001${digest(n % 7).slice(0, 7)}${digest(n)}`)
    const step = fc.record({ how: fc.constantFrom('set', 'set', 'delete', 'get'), digest: digests })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = aTable(1_000)
        const map = new Map<string, number>()
        steps.forEach(({ how, digest: name }, index) => {
          if (how === 'set') {
            table.set(name, index, entry)
            map.set(name, index)
          } else if (how === 'delete') {
            table.delete(name)
            map.delete(name)
          }
          expect(table.get(name, 0)).toBe(map.get(name))
        })
        expect(table.size).toBe(map.size)
        for (const [name, value] of map) expect(table.get(name, 0)).toBe(value)
      }),
      { numRuns: 500 },
    )
  })

  it('finds everything again after it has grown', () => {
    const table = aTable(50_000)
    for (let i = 0; i < 20_000; i++) table.set(digest(i), i, entry)
    for (let i = 0; i < 20_000; i++) expect(table.get(digest(i), 0)).toBe(i)
    expect(table.get(digest(20_000), 0)).toBeUndefined()
  })

  it('holds no more bytes than it may', () => {
    const table = aTable(1_000, { maxBytes: 100, bytesOf: (i) => 1 + (i % 30) })
    for (let i = 0; i < 500; i++) {
      table.set(digest(i), i, entry)
      expect(table.bytes).toBeLessThanOrEqual(100)
    }
    expect(table.size).toBeGreaterThan(2)
    table.clear()
    expect([table.size, table.bytes]).toEqual([0, 0])
  })

  it('drops what expired before what is alive', () => {
    const table = aTable(10)
    for (let i = 0; i < 10; i++) table.set(digest(i), i, { ...entry, lifetimeMs: i < 5 ? 10 : 1_000 })
    for (let i = 0; i < 10; i++) table.get(digest(i), 0)
    for (let i = 10; i < 15; i++) table.set(digest(i), i, { ...entry, readMs: 500 })
    const left = Array.from({ length: 15 }, (_, i) => i).filter((i) => table.get(digest(i), 500) === i)
    expect(left.filter((i) => i >= 5).length).toBeGreaterThanOrEqual(8)
    expect(left.filter((i) => i < 5)).toEqual([])
  })

  it('goes on when it has been there for very long', () => {
    const table = aTable(10)
    for (const nowMs of [0, 2 ** 30, 2 ** 31, 2 ** 45, 1]) {
      table.set(digest(nowMs), nowMs, { readMs: nowMs, lifetimeMs: 1_000 })
      expect(table.get(digest(nowMs), nowMs + 999)).toBe(nowMs)
      expect(table.get(digest(nowMs), nowMs + 1_000)).toBeUndefined()
    }
  })

  it('gives nothing whose age cannot be told because the clock was set back', () => {
    const table = aTable(10)
    table.set(digest(1), 1, { ...entry, readMs: 1_000_000 })
    expect(table.get(digest(1), 1_000_999)).toBe(1)
    expect(table.get(digest(1), 999_999)).toBeUndefined()
  })

  describe('whose values are good for a tenth of their lifetime unless they are confirmed', () => {
    const set = (readMs = 0) => {
      const table = aTable(10, { unconfirmedPart: 0.1 })
      table.set(digest(1), 1, { readMs, lifetimeMs: 1_000 })
      return { table, get: (nowMs: number) => table.get(digest(1), nowMs) }
    }

    it('gives one for so long after it was read', () => {
      const { get } = set()
      expect(get(99)).toBe(1)
      expect(get(100)).toBeUndefined()
    })

    it('gives one for so long after the last confirmation, and after none of them beyond its lifetime', () => {
      const { table, get } = set()
      for (let at = 50; at < 1_000; at += 90) {
        table.confirm(at)
        expect(get(Math.min(at + 99, 999))).toBe(1)
      }
      table.confirm(1_000)
      expect(get(1_000)).toBeUndefined()
    })

    it('stops when confirmations stop', () => {
      const { table, get } = set()
      table.confirm(300)
      expect(get(399)).toBe(1)
      expect(get(400)).toBeUndefined()
    })

    it('counts from its reading when that was later', () => {
      const { table, get } = set(500)
      table.confirm(450)
      expect(get(599)).toBe(1)
      expect(get(600)).toBeUndefined()
    })

    it('takes no confirmation that the clock says is yet to come', () => {
      const { table, get } = set()
      table.confirm(10_000)
      expect(get(99)).toBe(1)
      expect(get(150)).toBeUndefined()
    })
  })
})
