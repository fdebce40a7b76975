import { MAX_BULK_KEYS, type BulkOptions, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

describe.each(testDatabases)('changing many keys on $name', ({ create }) => {
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
  const made = (owner: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'k' }))
        return { id: apiKey.id, secret }
      }),
    )

  it('disables, enables, revokes and restores a hundred at once, with one receipt for all', async () => {
    const owner = anOwner()
    const keys = await made(owner, MAX_BULK_KEYS)
    const ids = keys.map(({ id }) => id)
    for (const { secret } of keys) expect(await outcome(there, secret)).toBe('ok')
    const everyone = { nodes: 2, confirmed: 2 }
    for (const [action, state, receipt] of [
      ['disable', 'disabled', everyone],
      ['disable', 'disabled', null],
      ['enable', 'ok', null],
      ['revoke', 'revoked', everyone],
      ['restore', 'ok', null],
    ] as const) {
      const answer = must(await here.keys.changeMany(owner, ann, ids, { action }))
      expect(answer.results.map((result) => must(result).apiKey.id)).toEqual(ids)
      if (receipt === null) expect(answer.receipt).toBeNull()
      else expect(answer.receipt).toMatchObject(receipt)
      for (const { secret } of keys) {
        expect(await outcome(here, secret)).toBe(state)
        if (receipt === null) await expect.poll(() => outcome(there, secret)).toBe(state)
        else expect(await outcome(there, secret)).toBe(state)
      }
    }
  })

  it('tells of each key by itself, in the order of the list, and lets none keep anything from the others', async () => {
    const owner = anOwner()
    const [good, revoked, leaked] = await made(owner, 3)
    const [foreign] = await made(anOwner(), 1)
    must(await here.keys.revoke(owner, ann, revoked!.id))
    must(await here.keys.revoke(owner, ann, leaked!.id, { reason: 'keyCompromise' }))
    const ids = [leaked, foreign, revoked, good].map((key) => key!.id)
    const reasons = async (options: BulkOptions, list = [...ids, 'nonsense', ids[3]!]) =>
      must(await here.keys.changeMany(owner, ann, list, options)).results.map((result) =>
        result.ok ? result.apiKey.id : result.reason,
      )
    const goodId = good!.id
    expect(await reasons({ action: 'disable' })).toEqual([
      'revoked',
      'not_found',
      'revoked',
      goodId,
      'not_found',
      goodId,
    ])
    expect(await reasons({ action: 'restore' })).toEqual([
      'compromised',
      'not_found',
      revoked!.id,
      'not_revoked',
      'not_found',
      'not_revoked',
    ])
    expect(await reasons({ action: 'revoke', reason: 'superseded', note: 'all of them' })).toEqual([
      'revoked',
      'not_found',
      revoked!.id,
      goodId,
      'not_found',
      goodId,
    ])
    expect((await here.keys.get(owner, goodId))?.revocation).toMatchObject({
      by: ann,
      reason: 'superseded',
      note: 'all of them',
    })
    expect(await outcome(here, foreign!.secret)).toBe('ok')
    expect(await reasons({ action: 'disable' }, ['nonsense'])).toEqual(['not_found'])
  })

  it('enables no key that has expired', async () => {
    const owner = anOwner()
    const expiresAt = new Date(clock.now + 1_000)
    const { apiKey } = must(await here.keys.create(owner, ann, { name: 'k', expiresAt }))
    clock.now += 1_000
    const answer = must(await here.keys.changeMany(owner, ann, [apiKey.id], { action: 'enable' }))
    expect(answer.results).toEqual([{ ok: false, reason: 'expired' }])
  })

  it('says of revoked keys that they leaked, all at once, whatever was said before', async () => {
    const owner = anOwner()
    const keys = await made(owner, 3)
    const ids = keys.map(({ id }) => id)
    must(await here.keys.revoke(owner, ann, ids[0]!, { note: 'the first' }))
    const answer = must(
      await here.keys.changeMany(owner, ann, ids, { action: 'revoke', reason: 'keyCompromise' }),
    )
    expect(answer.results.map((result) => must(result).apiKey.revocation)).toMatchObject([
      { reason: 'keyCompromise', note: 'the first', restorableUntil: null },
      { reason: 'keyCompromise', note: null },
      { reason: 'keyCompromise', note: null },
    ])
  })

  it('waits in no circle when two bulk changes name the same keys the other way round', async () => {
    const owner = anOwner()
    const ids = (await made(owner, 40)).map(({ id }) => id)
    const lists = Array.from({ length: 12 }, (_, n) => (n % 2 ? ids : ids.toReversed()))
    const answers = await Promise.all(
      lists.map((list, n) =>
        [here, there][n % 2]!.keys.changeMany(owner, ann, list, { action: n % 3 ? 'disable' : 'enable' }),
      ),
    )
    for (const answer of answers) expect(must(answer).results.every(({ ok }) => ok)).toBe(true)
  })

  it.each([
    [[], { action: 'enable' }, 'ids'],
    [Array.from({ length: MAX_BULK_KEYS + 1 }, String), { action: 'enable' }, 'ids'],
    [[7], { action: 'enable' }, 'ids'],
    ['key', { action: 'enable' }, 'ids'],
    [['key'], { action: 'purge' }, 'action'],
    [['key'], { action: 'disable', reason: 'superseded' }, 'reason'],
    [['key'], { action: 'restore', note: 'n' }, 'note'],
    [['key'], { action: 'revoke', reason: 'certificateHold' }, 'reason'],
    [['key'], { action: 'revoke', note: '' }, 'note'],
  ])('refuses %j with %j as a whole', async (ids, options, field) => {
    const answer = await here.keys.changeMany(anOwner(), ann, ids as string[], options as BulkOptions)
    expect(answer).toMatchObject({ ok: false, reason: 'invalid', field })
  })
})
