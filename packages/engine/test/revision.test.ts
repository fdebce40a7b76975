import { revisionOf, type ApiKey, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { aKey as aRecord } from './a-key.ts'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

describe('a revision', () => {
  it('is another one after every change of what was said of a key', () => {
    const date = new Date('2026-03-01T00:00:00Z')
    const changes: Partial<ApiKey>[] = [
      {},
      { name: 'Another' },
      { scopes: [] },
      { metadata: { a: 1 } },
      { metadata: { a: '1' } },
      { rateLimits: [{ name: 'r', limit: 1, windowSeconds: 1 }] },
      { updatedAt: date },
      { expiresAt: date },
      { notBefore: date },
      { disabledAt: date },
      { revokedAt: date },
      { version: 2 },
      { rotateEveryDays: 1 },
      { revocation: { by: null, reason: 'unspecified', note: null, restorableUntil: null } },
    ]
    const revisions = changes.map((change) => revisionOf(aRecord(change)))
    expect(new Set(revisions).size).toBe(changes.length)
    for (const revision of revisions) expect(revision).toMatch(/^[\w-]{22}$/)
  })

  it('stays the same while nobody changes the key, whatever it is used, and in whichever order JSON was written', () => {
    const before = revisionOf(aRecord({ metadata: { a: 1, b: 2 } }))
    const used = { lastUsedAt: new Date(), lastUsedAddress: '192.0.2.1' }
    expect(revisionOf(aRecord({ ...used, metadata: { b: 2, a: 1 } }))).toBe(before)
  })
})

describe.each(testDatabases)('changes under a condition on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey()
  })

  const full = {
    name: 'k',
    scopes: ['contacts:read'],
    metadata: { z: [1e21, -0, 'ß'], a: { c: 1, b: null } },
    rateLimits: [{ name: 'r', limit: 9, windowSeconds: 60 }],
    quota: { limit: 10, period: 'month', timeZone: 'Europe/Berlin' } as const,
    expiresAt: new Date(Date.now() + 86_400_000),
    rotateEveryDays: 30,
  }
  const created = async () => {
    const owner = anOwner()
    const { apiKey } = must(await latchkey.keys.create(owner, ann, full))
    return { owner, id: apiKey.id, apiKey, revision: revisionOf(apiKey) }
  }

  it('names what was created, what is read and what is listed alike', async () => {
    const { owner, id, revision } = await created()
    expect(revisionOf((await latchkey.keys.get(owner, id))!)).toBe(revision)
    const { data } = must(await latchkey.keys.list(owner))
    expect(data.map(revisionOf)).toEqual([revision])
  })

  it('makes every change while the record is the one that was seen, and none when it is not', async () => {
    const { owner, id, revision } = await created()
    const { keys } = latchkey
    const calls = {
      update: (ifRevision: string[]) =>
        keys.update(owner, ann, id, { name: `n${ifRevision[0]}`, ifRevision }),
      topUp: (ifRevision: string[]) =>
        keys.update(owner, ann, id, { quota: { ...full.quota, remaining: 3 }, ifRevision }),
      disable: (ifRevision: string[]) => keys.update(owner, ann, id, { enabled: false, ifRevision }),
      enable: (ifRevision: string[]) => keys.update(owner, ann, id, { enabled: true, ifRevision }),
      rotate: (ifRevision: string[]) => keys.rotate(owner, ann, id, { gracePeriodSeconds: 60, ifRevision }),
      retire: (ifRevision: string[]) => keys.retire(owner, ann, id, 0, { ifRevision }),
      revoke: (ifRevision: string[]) => keys.revoke(owner, ann, id, { ifRevision }),
      restore: (ifRevision: string[]) => keys.restore(owner, ann, id, { ifRevision }),
    }
    let current = revision
    const seen = [revision]
    for (const [name, call] of Object.entries(calls)) {
      const before = await keys.get(owner, id)
      for (const wrong of [[], ['another'], seen.slice(0, -1)]) {
        expect(await call(wrong), name).toEqual({ ok: false, reason: 'stale' })
      }
      expect(await keys.get(owner, id)).toEqual(before)
      const { apiKey } = must(await call(['another', current]))
      // A clock with milliseconds could tell two changes apart no better; each of these leaves another record.
      current = revisionOf(apiKey)
      expect(seen, name).not.toContain(current)
      seen.push(current)
    }
  })

  it('lets one of two changes through that rest on the same record', async () => {
    const { owner, id, revision } = await created()
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        latchkey.keys.update(owner, n % 2 ? ann : ben, id, { name: `n${n}`, ifRevision: [revision] }),
      ),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    for (const result of results) if (!result.ok) expect(result.reason).toBe('stale')
  })

  it('refuses for its own reason what would be refused anyway', async () => {
    const { owner, id } = await created()
    const ifRevision = ['another']
    expect(await latchkey.keys.restore(owner, ann, id, { ifRevision })).toMatchObject({
      reason: 'not_revoked',
    })
    expect(await latchkey.keys.retire(owner, ann, id, 0, { ifRevision })).toMatchObject({
      reason: 'not_retiring',
    })
    expect(await latchkey.keys.revoke(anOwner(), ann, id, { ifRevision })).toMatchObject({
      reason: 'not_found',
    })
    must(await latchkey.keys.revoke(owner, ann, id))
    expect(await latchkey.keys.revoke(owner, ann, id, { ifRevision })).toMatchObject({ reason: 'revoked' })
    expect(await latchkey.keys.update(owner, ann, id, { name: 'n', ifRevision })).toMatchObject({
      reason: 'revoked',
    })
    expect(await latchkey.keys.rotate(owner, ann, id, { ifRevision })).toMatchObject({ reason: 'revoked' })
  })

  it('answers a repeated rotation again, though the record is another one since', async () => {
    const { owner, id, revision } = await created()
    const options = { ifRevision: [revision], idempotencyKey: 'a key of sixteen' }
    const first = must(await latchkey.keys.rotate(owner, ann, id, options))
    const again = must(await latchkey.keys.rotate(owner, ann, id, options))
    expect(again).toMatchObject({ secret: first.secret, replayed: true })
  })
})
