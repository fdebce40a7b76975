import { describe, expect, it } from 'vitest'
import {
  JWKS_MAX_AGE_SECONDS,
  OVERLAP_MS,
  planRotation,
  signerAt,
  SIGNS_FOR_MS,
  TRUSTED_MS,
} from '../src/signing-schedule.ts'
import { MAX_TOKEN_LIFETIME_SECONDS } from '../src/token-options.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const key = (kid: string, signsFromMs: number) => ({ kid, signsFromMs })
const NOTHING = { nextSignsFromMs: null, ended: [] }

describe('the schedule of signing keys', () => {
  it('leaves room for caches, for nodes that know of nothing yet, for tokens, and for clocks that differ', () => {
    const clocksMs = 25 * 60_000
    expect(TRUSTED_MS + 2 * JWKS_MAX_AGE_SECONDS * 1_000 + clocksMs).toBeLessThanOrEqual(OVERLAP_MS)
    expect(MAX_TOKEN_LIFETIME_SECONDS * 1_000 + clocksMs).toBeLessThanOrEqual(OVERLAP_MS)
  })

  it('begins with a key that signs at once', () => {
    expect(planRotation([], now)).toEqual({ nextSignsFromMs: now, ended: [] })
  })

  it('adds the next one an hour before the week of one is over, and no other', () => {
    const first = key('a', now)
    const due = now + SIGNS_FOR_MS - OVERLAP_MS
    expect(planRotation([first], due - 1)).toEqual(NOTHING)
    expect(planRotation([first], due)).toEqual({ nextSignsFromMs: now + SIGNS_FOR_MS, ended: [] })
    expect(planRotation([first, key('b', now + SIGNS_FOR_MS)], due + 1)).toEqual(NOTHING)
  })

  it('publishes a key for an hour before it signs, however late it comes', () => {
    const late = now + 10 * SIGNS_FOR_MS
    expect(planRotation([key('a', now)], late)).toEqual({ nextSignsFromMs: late + OVERLAP_MS, ended: [] })
  })

  it('removes a key an hour after another signs in its place, and never the one that signs', () => {
    const keys = [key('a', now - SIGNS_FOR_MS), key('b', now)]
    expect(planRotation(keys, now + OVERLAP_MS - 1)).toEqual(NOTHING)
    expect(planRotation(keys, now + OVERLAP_MS)).toEqual({ nextSignsFromMs: null, ended: ['a'] })
    expect(planRotation([key('a', now)], now + 10 * SIGNS_FOR_MS).ended).toEqual([])
  })

  it('is not kept from going on by a key that a node with a wrong clock made', () => {
    const keys = [key('a', now), key('z', now + 1_000 * SIGNS_FOR_MS)]
    expect(planRotation(keys, now + OVERLAP_MS)).toEqual(NOTHING)
    const due = now + SIGNS_FOR_MS - OVERLAP_MS
    expect(planRotation(keys, due)).toEqual({ nextSignsFromMs: now + SIGNS_FOR_MS, ended: [] })
    // Even the first one: nodes sign with it, so another comes with notice.
    expect(planRotation(keys.slice(1), now)).toEqual({ nextSignsFromMs: now + OVERLAP_MS, ended: [] })
  })
})

describe('the key that signs', () => {
  const keys = [key('a', now), key('b', now + 1_000)]

  it.each([
    [now - 1, 'a'],
    [now, 'a'],
    [now + 999, 'a'],
    [now + 1_000, 'b'],
    [now + SIGNS_FOR_MS * 10, 'b'],
  ])('at %i is %s', (at, kid) => {
    expect(signerAt(keys, at)?.kid).toBe(kid)
  })
})
