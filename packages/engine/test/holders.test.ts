import { generateSecret, MAX_WRONG_SECRETS_PER_MINUTE, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

describe.each(testDatabases)('who holds a secret on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    here = await db.latchkey({ now: () => clock.now })
    there = await db.latchkey({ now: () => clock.now })
  })

  const outcome = async (node: Latchkey, secret: string) => {
    const verdict = await node.verify(secret)
    return verdict.ok ? 'ok' : verdict.reason
  }
  const aKey = async (fields: object = {}) => {
    const owner = anOwner()
    const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'mine', ...fields }))
    return { owner, id: apiKey.id, secret }
  }

  it('revokes the key, as the key itself, for ever unless another reason is given', async () => {
    const { owner, id, secret } = await aKey()
    expect(await outcome(there, secret)).toBe('ok')
    const held = must(await here.holders.recognise(secret))
    const revoked = must(await here.holders.revoke(held, { note: 'found in a repository' }))
    expect(revoked).toMatchObject({ ended: 'key', receipt: { nodes: 2, confirmed: 2 } })
    expect(revoked.apiKey.revocation).toEqual({
      by: { id, name: 'mine' },
      reason: 'keyCompromise',
      note: 'found in a repository',
      restorableUntil: null,
    })
    for (const node of [here, there]) {
      expect(await outcome(node, secret)).toBe('revoked')
      expect(await node.holders.recognise(secret)).toMatchObject({ ok: false, reason: 'revoked' })
    }
    expect(await here.keys.restore(owner, ann, id)).toMatchObject({ reason: 'compromised' })

    const other = await aKey()
    const otherHeld = must(await here.holders.recognise(other.secret))
    must(await here.holders.revoke(otherHeld, { reason: 'cessationOfOperation' }))
    must(await here.keys.restore(other.owner, ann, other.id))
    expect(await here.holders.revoke(otherHeld, { note: '\n' })).toMatchObject({ reason: 'invalid' })
    expect(await outcome(here, other.secret)).toBe('ok')
  })

  it('finds nothing in the way: no scope, no limit, no quota, not that it is disabled or begins later', async () => {
    const tight = await aKey({
      rateLimits: [{ name: 'r', limit: 1, windowSeconds: 3_600 }],
      quota: { limit: 1, period: 'never' },
    })
    expect(await outcome(here, tight.secret)).toBe('ok')
    expect(await outcome(here, tight.secret)).toBe('rate_limited')
    const disabled = await aKey()
    must(await here.keys.update(disabled.owner, ann, disabled.id, { enabled: false }))
    const pending = await aKey({ notBefore: new Date(clock.now + 1_000) })
    for (const { secret } of [tight, disabled, pending]) {
      must(await here.holders.revoke(must(await here.holders.recognise(secret))))
      expect(await outcome(here, secret)).toBe('revoked')
    }
  })

  it('is told the same of what no key has, and may not try for ever', async () => {
    const caller = { ip: '192.0.2.77' }
    const unknown = generateSecret({ prefix: 'lk', environment: 'live' })
    const answer = { ok: false, reason: 'unknown', key: null }
    expect(await here.holders.recognise(unknown, caller)).toEqual(answer)
    expect(await here.holders.recognise('nonsense', caller)).toEqual({ ...answer, reason: 'malformed' })
    for (let n = 2; n < MAX_WRONG_SECRETS_PER_MINUTE; n++) await here.holders.recognise('nonsense', caller)
    const throttled = await here.holders.recognise(unknown, caller)
    expect(throttled).toMatchObject({ reason: 'too_many_attempts', key: null })
    // Shared with the hot path, so that nobody tries twice as often.
    expect(await here.verify('nonsense', {}, caller)).toMatchObject({ reason: 'too_many_attempts' })
    const { secret } = await aKey()
    must(await here.holders.recognise(secret, caller))
  })

  it('has nothing to revoke when the key has expired', async () => {
    const { secret } = await aKey({ expiresAt: new Date(clock.now + 1_000) })
    clock.now += 1_000
    expect(await here.holders.recognise(secret)).toMatchObject({ ok: false, reason: 'expired' })
  })

  it('ends but the secret before the present one, while that still works', async () => {
    const { owner, id, secret } = await aKey()
    const rotated = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 600 }))
    const held = must(await there.holders.recognise(secret))
    const ended = must(await there.holders.revoke(held))
    expect(ended).toMatchObject({ ended: 'secret', receipt: { nodes: 2, confirmed: 2 } })
    expect(ended.apiKey).toMatchObject({ revokedAt: null, retiringSecret: { endsAt: new Date(clock.now) } })
    for (const node of [here, there]) {
      expect(await outcome(node, secret)).toBe('retired')
      expect(await outcome(node, rotated.secret)).toBe('ok')
    }
    expect(await here.holders.recognise(secret)).toMatchObject({ reason: 'retired' })
    expect(await here.holders.revoke(held)).toEqual({ ok: false, reason: 'retired' })
  })

  it('cannot end a key that was rotated between being recognised and being revoked', async () => {
    const { owner, id, secret } = await aKey()
    const held = must(await here.holders.recognise(secret))
    const rotated = must(await there.keys.rotate(owner, ann, id))
    expect(await here.holders.revoke(held)).toEqual({ ok: false, reason: 'retired' })
    expect(await outcome(here, rotated.secret)).toBe('ok')
  })

  it('is one of many who try at once: the key is revoked once', async () => {
    const { owner, id, secret } = await aKey()
    const helds = await Promise.all(Array.from({ length: 10 }, () => here.holders.recognise(secret)))
    const results = await Promise.all(
      helds.map((held, n) => [here, there][n % 2]!.holders.revoke(must(held), { reason: 'superseded' })),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(results.filter((result) => !result.ok && result.reason === 'revoked')).toHaveLength(9)
    expect((await here.keys.get(owner, id))?.revocation?.reason).toBe('superseded')
  })
})
