import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../src/verdict.ts'
import { aJudgeableKey, aKey } from './a-key.ts'

const now = Date.parse('2026-06-01T00:00:00Z')
const past = new Date(now - 1)
const future = new Date(now + 1)

describe('judge', () => {
  it('accepts an active key that has what is asked', () => {
    const key = aJudgeableKey({ scopes: ['a', 'b'], expiresAt: future })
    expect(judge(key, { scopes: ['b', 'a'], environment: 'live' }, now)).toEqual({
      ok: true,
      key: key.accepted.key,
      rateLimits: [],
    })
  })

  it.each([
    ['revoked', { revokedAt: past, expiresAt: past, disabledAt: past }],
    ['expired', { expiresAt: past, disabledAt: past }],
    ['expired', { expiresAt: new Date(now) }],
    ['disabled', { disabledAt: past, notBefore: future }],
    ['pending', { notBefore: future, environment: 'test' as const }],
    ['environment', { environment: 'test' as const, scopes: [] }],
    ['insufficient_scope', { scopes: ['contacts:reader'] }],
  ])('answers %s first for %j', (reason, differences) => {
    const key = aJudgeableKey(differences)
    const verdict = judge(key, { scopes: ['contacts:read'], environment: 'live' }, now)
    expect(verdict).toEqual({ ok: false, reason, key: key.accepted.key })
  })

  it('accepts exactly when every required scope is held', () => {
    const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(scopes, scopes, (held, required) => {
        const verdict = judge(aJudgeableKey({ scopes: held }), { scopes: required }, now)
        expect(verdict.ok).toBe(required.every((scope) => held.includes(scope)))
      }),
    )
  })

  it('accepts exactly when one of the alternatives is held, besides what is required', () => {
    const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(scopes, scopes, scopes, (held, required, alternatives) => {
        const requirement = { scopes: required, anyScope: alternatives }
        const verdict = judge(aJudgeableKey({ scopes: held }), requirement, now)
        const isHeld = (scope: (typeof held)[number]) => held.includes(scope)
        expect(verdict.ok).toBe(required.every(isHeld) && alternatives.some(isHeld))
      }),
    )
  })

  it('judges a key that begins later anew as time passes', () => {
    const key = aJudgeableKey({ notBefore: future })
    expect(judge(key, {}, now)).toMatchObject({ ok: false, reason: 'pending' })
    expect(judge(key, {}, now + 1).ok).toBe(true)
  })

  it('judges the same cached key anew as time passes', () => {
    const key = aJudgeableKey({ expiresAt: future })
    expect(judge(key, {}, now).ok).toBe(true)
    expect(judge(key, {}, now + 1)).toMatchObject({ ok: false, reason: 'expired' })
  })

  it('gives the same object for every acceptance, so that a hit allocates nothing', () => {
    const key = aJudgeableKey()
    expect(judge(key, {}, now)).toBe(judge(key, {}, now))
  })

  it('shares nothing that a handler could change for others', () => {
    const record = aKey({ metadata: { plan: { name: 'gold' } } })
    const { key } = aJudgeableKey(record).accepted
    expect(() => Object.assign(key, { owner: 'other' })).toThrow(TypeError)
    expect(() => (key.scopes as string[]).push('admin')).toThrow(TypeError)
    expect(() => Object.assign(key.metadata['plan'] as object, { name: 'x' })).toThrow(TypeError)
    expect(Object.isFrozen(record.metadata)).toBe(false)
  })

  it('carries only what a handler may know', () => {
    const { key } = aJudgeableKey().accepted
    expect(Object.keys(key).sort()).toEqual(['environment', 'id', 'metadata', 'name', 'owner', 'scopes'])
  })
})
