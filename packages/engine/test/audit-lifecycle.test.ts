import type { AuditEvent, Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTombstoneStore } from '../src/postgres/tombstone-store.ts'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

describe.each(testDatabases)('the audit trail of how keys end and come back on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey()
  })

  /** Oldest first, without the creations. */
  async function trailOf(owner: string): Promise<AuditEvent[]> {
    const { data } = must(await latchkey.audit.list(owner, { limit: 100 }))
    return data.reverse().filter(({ action }) => action !== 'key.created')
  }
  const aKey = async (owner: string, options: object = {}) =>
    must(await latchkey.keys.create(owner, ann, { name: 'k', ...options }))
  const text = expect.any(String) as string

  it('tells why a key was revoked, that it was restored, and that its secret turned out to be known', async () => {
    const owner = anOwner()
    const { apiKey } = await aKey(owner)
    const { id } = apiKey
    must(await latchkey.keys.revoke(owner, ben, id, { reason: 'superseded', note: 'too old' }))
    must(await latchkey.keys.restore(owner, ann, id))
    must(await latchkey.keys.revoke(owner, ben, id))
    must(await latchkey.keys.revoke(owner, ann, id, { reason: 'keyCompromise' }))
    const revoked = { revokedAt: text, revokedById: ben.id, restorableUntil: text }
    const why = { revocationReason: 'superseded', revocationNote: 'too old' }
    expect(
      (await trailOf(owner)).map(({ action, actor, before, after }) => [action, actor?.id, before, after]),
    ).toEqual([
      [
        'key.revoked',
        ben.id,
        expect.objectContaining({ revokedAt: null, revocationNote: null }),
        { ...revoked, ...why },
      ],
      [
        'key.restored',
        ann.id,
        { ...revoked, ...why },
        expect.objectContaining({ revokedAt: null, revocationReason: null }),
      ],
      ['key.revoked', ben.id, expect.objectContaining({ revokedAt: null }), revoked],
      [
        'key.updated',
        ann.id,
        { restorableUntil: text, revocationReason: null },
        { restorableUntil: null, revocationReason: 'keyCompromise' },
      ],
    ])
  })

  it('has an event of each key when several change at once', async () => {
    const owner = anOwner()
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) ids.push((await aKey(owner, { name })).apiKey.id)
    must(await latchkey.keys.changeMany(owner, ben, ids.slice(0, 2), { action: 'disable' }))
    must(await latchkey.keys.changeMany(owner, ben, ids, { action: 'revoke' }))
    must(await latchkey.keys.changeMany(owner, ben, ids, { action: 'restore' }))
    const events = await trailOf(owner)
    expect(events.map(({ action, actor }) => [action, actor?.id])).toEqual(
      ['disabled', 'disabled', 'revoked', 'revoked', 'revoked', 'restored', 'restored', 'restored'].map(
        (done) => [`key.${done}`, ben.id],
      ),
    )
    expect(new Set(events.slice(2, 5).map(({ keyId }) => keyId))).toEqual(new Set(ids))
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 11 })
  })

  it('tells that a key ended itself, or its old secret, and from where', async () => {
    const owner = anOwner()
    const { apiKey, secret } = await aKey(owner)
    const rotated = must(await latchkey.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 60 }))
    for (const one of [secret, rotated.secret]) {
      const held = must(await latchkey.holders.recognise(one))
      must(await latchkey.holders.revoke(held, { from: { address: '203.0.113.9' } }))
    }
    const actor = { type: 'key', id: apiKey.id, name: 'k' }
    expect((await trailOf(owner)).slice(1)).toMatchObject([
      { action: 'key.secret_retired', actor, address: '203.0.113.9' },
      { action: 'key.revoked', actor, address: '203.0.113.9', after: { revocationReason: 'keyCompromise' } },
    ])
  })

  it('tells once that the record of a key was deleted, and what was in it', async () => {
    const owner = anOwner()
    const { apiKey } = await aKey(owner, { quota: { limit: 5, period: 'never' } })
    must(await latchkey.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 0 }))
    must(await latchkey.keys.revoke(owner, ann, apiKey.id, { reason: 'keyCompromise' }))
    await aKey(owner)
    const later = new Date(Date.now() + 60_000)
    await createTombstoneStore(db.database, 'default').purge(later, later)
    expect((await trailOf(owner)).slice(2)).toMatchObject([
      {
        action: 'key.purged',
        keyId: apiKey.id,
        actor: { type: 'system', id: 'latchkey', name: null },
        before: { name: 'k', version: 2, revocationReason: 'keyCompromise' },
        after: null,
      },
    ])
    expect(must(await latchkey.audit.list(owner, { keyId: apiKey.id })).data).toHaveLength(4)
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true })
  })
})
