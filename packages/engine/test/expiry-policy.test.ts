import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkExpiryPolicy,
  expiryUnder,
  NO_EXPIRY_POLICY,
  resolveExpiryPolicy,
  strictestExpiry,
  type ExpiryPolicy,
} from '../src/expiry-policy.ts'

const DAY = 86_400_000
const days = fc.option(fc.integer({ min: 1, max: 400 }))
const policies = fc
  .record({ defaultDays: days, maxDays: days, allowNever: fc.boolean() })
  .filter((policy) => checkExpiryPolicy(policy).ok)
const now = Date.parse('2026-03-01T00:00:00Z')

describe('how long a key may live', () => {
  it('is for ever when nobody says otherwise', () => {
    expect(expiryUnder(NO_EXPIRY_POLICY, undefined, now)).toEqual({ ok: true, value: null })
    expect(expiryUnder(NO_EXPIRY_POLICY, null, now)).toEqual({ ok: true, value: null })
  })

  it('is what the policy says when the request says nothing', () => {
    const policy = { defaultDays: 30, maxDays: 90, allowNever: false }
    expect(expiryUnder(policy, undefined, now)).toEqual({ ok: true, value: new Date(now + 30 * DAY) })
    expect(expiryUnder({ ...policy, defaultDays: null }, undefined, now)).toEqual({
      ok: true,
      value: new Date(now + 90 * DAY),
    })
  })

  it('is refused beyond the longest, to the millisecond, and for ever where keys must end', () => {
    const policy = { defaultDays: null, maxDays: 90, allowNever: false }
    expect(expiryUnder(policy, new Date(now + 90 * DAY), now).ok).toBe(true)
    expect(expiryUnder(policy, new Date(now + 90 * DAY + 1), now)).toMatchObject({
      ok: false,
      field: 'expiresAt',
      message: 'must be at most 90 days from now',
    })
    expect(expiryUnder(policy, null, now)).toMatchObject({ ok: false, field: 'expiresAt' })
  })

  it('is never longer than host and owner each allow', () => {
    const asked = fc.option(fc.option(fc.integer({ min: 1, max: 500 })), { nil: undefined })
    fc.assert(
      fc.property(policies, fc.option(policies), asked, (host, owner, wish) => {
        const expiresAt = wish === undefined || wish === null ? wish : new Date(now + wish * DAY)
        const both = strictestExpiry(host, owner)
        const granted = expiryUnder(both, expiresAt, now)
        if (!granted.ok) return
        for (const policy of [host, owner ?? host]) {
          if (granted.value === null) expect(policy.allowNever).toBe(true)
          else expect(granted.value.getTime()).toBeLessThanOrEqual(now + (policy.maxDays ?? 1e5) * DAY)
        }
        // Who leaves it to the policy is never refused.
        expect(expiryUnder(both, undefined, now).ok).toBe(true)
      }),
    )
  })
})

describe('a policy', () => {
  it.each([
    [{ defaultDays: 0 }, 'defaultDays'],
    [{ maxDays: 1.5 }, 'maxDays'],
    [{ maxDays: 40_000 }, 'maxDays'],
    [{ defaultDays: 31, maxDays: 30 }, 'defaultDays'],
    [{ allowNever: false }, 'allowNever'],
    [{ allowNever: 'no' as unknown as boolean }, 'allowNever'],
  ])('%j is refused, naming %s', (change, field) => {
    const policy: ExpiryPolicy = { ...NO_EXPIRY_POLICY, ...change }
    expect(checkExpiryPolicy(policy)).toMatchObject({ ok: false, field })
    expect(() => resolveExpiryPolicy(policy)).toThrow(`expiryPolicy.${field}`)
  })

  it('of a longest life alone lets no key live for ever', () => {
    expect(resolveExpiryPolicy({ maxDays: 90 })).toEqual({
      defaultDays: null,
      maxDays: 90,
      allowNever: false,
    })
    expect(resolveExpiryPolicy({ maxDays: 90, allowNever: true }).allowNever).toBe(true)
  })
})
