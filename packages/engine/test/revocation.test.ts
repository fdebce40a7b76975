import {
  createLatchkey,
  MAX_NOTE_LENGTH,
  restorableUntil,
  REVOCATION_REASONS,
  type Latchkey,
  type RevocationReason,
} from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, ben, must, scopes, useDatabase } from './set-up.ts'

const WEEK_MS = 7 * 86_400_000

describe.each(testDatabases)('revoking and restoring on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    const options = { now: () => clock.now }
    here = await db.latchkey(options)
    there = await db.latchkey(options)
  })

  const outcome = async (node: Latchkey, secret: string) => {
    const verdict = await node.verify(secret)
    return verdict.ok ? 'ok' : verdict.reason
  }
  const aKey = async (fields: object = {}, owner = anOwner()) => {
    const { apiKey, secret } = must(
      await here.keys.create(owner, ann, { name: 'k', scopes: ['contacts:read'], ...fields }),
    )
    return { owner, id: apiKey.id, apiKey, secret }
  }

  it('keeps who revoked a key, why and in which words, and until when it can be restored', async () => {
    const { owner, id } = await aKey()
    const { apiKey } = must(
      await here.keys.revoke(owner, ben, id, { reason: 'superseded', note: '  See INC-7. ' }),
    )
    expect(apiKey.revokedAt).toEqual(new Date(clock.now))
    expect(apiKey.revocation).toEqual({
      by: ben,
      reason: 'superseded',
      note: 'See INC-7.',
      restorableUntil: new Date(clock.now + WEEK_MS),
    })
    expect(await there.keys.get(owner, id)).toEqual(apiKey)
  })

  it('says unspecified of a key that was revoked without a reason', async () => {
    const { owner, id } = await aKey()
    const { apiKey } = must(await here.keys.revoke(owner, ann, id))
    expect(apiKey.revocation).toMatchObject({ by: ann, reason: 'unspecified', note: null })
  })

  it.each(REVOCATION_REASONS)('takes the reason %s', async (reason) => {
    const { owner, id } = await aKey()
    const { apiKey } = must(await here.keys.revoke(owner, ann, id, { reason }))
    expect(apiKey.revocation?.reason).toBe(reason)
  })

  it.each([
    ['certificateHold', undefined, 'reason'],
    ['removeFromCRL', undefined, 'reason'],
    ['toString', undefined, 'reason'],
    [null, undefined, 'reason'],
    [undefined, 'x'.repeat(MAX_NOTE_LENGTH + 1), 'note'],
    [undefined, 'a\nb', 'note'],
    [undefined, 'a\u0000b', 'note'],
    [undefined, 'a\u202Eb', 'note'],
    [undefined, '  ', 'note'],
    [undefined, '\uD800', 'note'],
    [undefined, 7, 'note'],
  ])('refuses the reason %j with the note %j, and revokes nothing', async (reason, note, field) => {
    const { owner, id, secret } = await aKey()
    const options = { reason, note } as { reason?: RevocationReason; note?: string }
    expect(await here.keys.revoke(owner, ann, id, options)).toMatchObject({ reason: 'invalid', field })
    expect(await outcome(here, secret)).toBe('ok')
  })

  it('takes a note of 500 characters outside the BMP', async () => {
    const { owner, id } = await aKey()
    const note = '\u{1F511}'.repeat(MAX_NOTE_LENGTH)
    expect(must(await here.keys.revoke(owner, ann, id, { note })).apiKey.revocation?.note).toBe(note)
  })

  it('restores a key as it was, at once on every node, those that refuse it by heart included', async () => {
    const { owner, id, apiKey, secret } = await aKey({ metadata: { a: 1 } })
    must(await here.keys.revoke(owner, ann, id, { reason: 'affiliationChanged', note: 'left' }))
    for (const node of [here, there]) expect(await outcome(node, secret)).toBe('revoked')
    clock.now += WEEK_MS - 1
    const restored = must(await there.keys.restore(owner, ben, id))
    expect(restored.apiKey).toEqual({ ...apiKey, updatedAt: new Date(clock.now) })
    expect(await outcome(there, secret)).toBe('ok')
    await expect.poll(() => outcome(here, secret)).toBe('ok')
    const rows = await db.database.query(
      `select revoked_by_id, revoked_by_name, revocation_reason, revocation_note, restorable_until
        from latchkey.keys where owner_id = (select id from latchkey.owners where owner = $1)`,
      [owner],
    )
    expect(Object.values(rows[0]!).every((value) => value === null)).toBe(true)
  })

  it('restores a disabled key as disabled', async () => {
    const { owner, id, secret } = await aKey()
    must(await here.keys.update(owner, ann, id, { enabled: false }))
    must(await here.keys.revoke(owner, ann, id))
    must(await here.keys.restore(owner, ann, id))
    expect(await outcome(here, secret)).toBe('disabled')
  })

  it('restores no key whose time is over, to the millisecond, nor one that is not revoked, nor one of others', async () => {
    const { owner, id } = await aKey()
    expect(await here.keys.restore(owner, ann, id)).toEqual({ ok: false, reason: 'not_revoked' })
    const { apiKey } = must(await here.keys.revoke(owner, ann, id))
    expect(restorableUntil(apiKey, clock.now)).toEqual(apiKey.revocation?.restorableUntil)
    expect(await here.keys.restore(anOwner(), ann, id)).toEqual({ ok: false, reason: 'not_found' })
    clock.now += WEEK_MS
    expect(restorableUntil(apiKey, clock.now)).toBeNull()
    expect(await here.keys.restore(owner, ann, id)).toEqual({ ok: false, reason: 'too_late' })
  })

  it('never restores a key whose secret leaked, though that was said only later', async () => {
    const first = await aKey()
    const { apiKey } = must(
      await here.keys.revoke(first.owner, ann, first.id, { reason: 'keyCompromise', note: 'in a log' }),
    )
    expect(apiKey.revocation?.restorableUntil).toBeNull()
    expect(await here.keys.restore(first.owner, ann, first.id)).toEqual({ ok: false, reason: 'compromised' })

    const { owner, id } = await aKey()
    must(await here.keys.revoke(owner, ann, id, { note: 'not used any more' }))
    const again = await here.keys.revoke(owner, ann, id, { reason: 'superseded' })
    expect(again).toEqual({ ok: false, reason: 'revoked' })
    const told = must(await here.keys.revoke(owner, ben, id, { reason: 'keyCompromise' }))
    expect(told.apiKey.revocation).toEqual({
      by: ann,
      reason: 'keyCompromise',
      note: 'not used any more',
      restorableUntil: null,
    })
    expect(told.receipt).toEqual({ nodes: 0, confirmed: 0, afterMs: null })
    expect(await here.keys.restore(owner, ann, id)).toEqual({ ok: false, reason: 'compromised' })
    const thrice = await here.keys.revoke(owner, ben, id, { reason: 'keyCompromise' })
    expect(thrice).toEqual({ ok: false, reason: 'revoked' })
  })

  it('keeps to what was said when a key was revoked, and says nothing where no window is', async () => {
    const strict = await db.latchkey({ now: () => clock.now, restoreWindowSeconds: 0 })
    const before = await aKey()
    must(await here.keys.revoke(before.owner, ann, before.id))
    must(await strict.keys.restore(before.owner, ann, before.id))
    const { apiKey } = must(await strict.keys.revoke(before.owner, ann, before.id))
    expect(apiKey.revocation?.restorableUntil).toBeNull()
    expect(await here.keys.restore(before.owner, ann, before.id)).toEqual({ ok: false, reason: 'too_late' })
  })

  it('restores no more than the owner may have, however many try at once', async () => {
    const owner = anOwner()
    const few = { now: () => clock.now, maxKeysPerOwner: 5 }
    const [one, two] = [await db.latchkey(few), await db.latchkey(few)]
    const made = await Promise.all(Array.from({ length: 5 }, () => aKey({}, owner)))
    for (const { id } of made) must(await one.keys.revoke(owner, ann, id))
    must(await one.keys.create(owner, ann, { name: 'sixth' }))
    must(await two.keys.create(owner, ann, { name: 'seventh' }))
    const results = await Promise.all([
      ...made.map(({ id }, at) => [one, two][at % 2]!.keys.restore(owner, ann, id)),
      one.keys.create(owner, ann, { name: 'eighth' }),
      two.keys.changeMany(
        owner,
        ann,
        made.map(({ id }) => id),
        { action: 'restore' },
      ),
    ])
    const { data } = must(await one.keys.list(owner, { limit: 100 }))
    expect(data).toHaveLength(5)
    expect(results).toContainEqual({ ok: false, reason: 'too_many_keys' })
    // No room is wasted either.
    must(await one.keys.revoke(owner, ann, data[0]!.id))
    must(await one.keys.create(owner, ann, { name: 'next' }))
  })

  it('restores no key that may do more than its owner may now', async () => {
    const { owner, id } = await aKey({ scopes: ['contacts:read', 'contacts:write'] })
    must(await here.keys.revoke(owner, ann, id))
    must(await here.owners.setScopes(owner, ['contacts:read']))
    expect(await here.keys.restore(owner, ann, id)).toMatchObject({ reason: 'beyond_grant' })
    must(await here.owners.setScopes(owner, null))
    must(await here.keys.restore(owner, ann, id))
  })

  it('brings a replaced secret back only while its grace has not ended', async () => {
    const { owner, id, secret } = await aKey()
    const rotated = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 60 }))
    must(await here.keys.revoke(owner, ann, id))
    clock.now += 30_000
    must(await here.keys.restore(owner, ann, id))
    expect(await outcome(here, secret)).toBe('ok')
    must(await here.keys.revoke(owner, ann, id))
    clock.now += 30_000
    must(await here.keys.restore(owner, ann, id))
    expect(await outcome(here, secret)).toBe('retired')
    expect(await outcome(here, rotated.secret)).toBe('ok')
  })

  it('answers a repeated create again once its key is restored', async () => {
    const owner = anOwner()
    const options = { name: 'k', idempotencyKey: 'a key of sixteen' }
    const { apiKey, secret } = must(await here.keys.create(owner, ann, options))
    must(await here.keys.revoke(owner, ann, apiKey.id))
    expect(await here.keys.create(owner, ann, options)).toEqual({ ok: false, reason: 'revoked' })
    must(await here.keys.restore(owner, ann, apiKey.id))
    expect(await here.keys.create(owner, ann, options)).toMatchObject({ secret, replayed: true })
  })

  it('knows nobody who revoked a key by a statement of their own', async () => {
    const { owner, id } = await aKey({ name: 'by hand' })
    await db.database.drizzle.execute(
      sql`update latchkey.keys set revoked_at = now() where name = 'by hand' and owner_id = (
        select id from latchkey.owners where owner = ${owner})`,
    )
    expect((await here.keys.get(owner, id))?.revocation).toEqual({
      by: null,
      reason: 'unspecified',
      note: null,
      restorableUntil: null,
    })
    expect(await here.keys.restore(owner, ann, id)).toEqual({ ok: false, reason: 'too_late' })
  })

  it.each([
    [{ revokedKeyRetentionDays: 0 }, /revokedKeyRetentionDays must be a whole number/],
    [{ revokedKeyRetentionDays: 1.5 }, /revokedKeyRetentionDays/],
    [{ restoreWindowSeconds: -1 }, /restoreWindowSeconds must be a whole number from 0 to 7776000/],
    [
      { revokedKeyRetentionDays: 1, restoreWindowSeconds: 86_401 },
      /from 0 to 86400, as long as revoked keys/,
    ],
  ])('cannot be set up with %j', async (options, message) => {
    await expect(createLatchkey({ database: db.database, scopes, ...options })).rejects.toThrow(message)
  })
})
