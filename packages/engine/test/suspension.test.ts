import type { Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const operator = { id: 'user_olga', name: 'Olga', from: { address: '192.0.2.7' } }
const reason = 'The bill is not paid.'

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('a suspended owner on $name', ({ create }) => {
  const db = useDatabase(create)
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    ;[here, there] = await Promise.all([db.latchkey(), db.latchkey()])
  })

  const outcome = async (node: Latchkey, secret: string) => {
    const verdict = await node.verify(secret)
    return verdict.ok ? 'accepted' : verdict.reason
  }

  it('has every key refused on every node once it is told, and good again once that is lifted', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'k' }))
    const rotated = must(await here.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 600 }))
    const neighbour = must(await here.keys.create(anOwner(), ann, { name: 'n' }))
    const all = [secret, rotated.secret, neighbour.secret]
    for (const node of [here, there]) for (const one of all) expect(await outcome(node, one)).toBe('accepted')
    const row = () =>
      db.database.query(
        `select keys::text from latchkey.keys join latchkey.owners on owners.id = owner_id where owner = $1`,
        [owner],
      )
    const before = await row()

    const suspended = must(await here.owners.suspend(owner, `  ${reason} `, operator))
    expect(suspended.receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    expect(suspended.suspension).toEqual({ since: expect.any(Date) as Date, reason })
    // At once: the receipt says that the other node has dropped it, and so no poll.
    for (const node of [here, there]) {
      expect(await outcome(node, secret)).toBe('suspended')
      expect(await outcome(node, rotated.secret)).toBe('suspended')
      expect(await outcome(node, neighbour.secret)).toBe('accepted')
      expect(await node.owners.get(owner)).toMatchObject({ suspension: { reason } })
    }
    expect(await row()).toEqual(before)
    const made = must(await here.keys.create(owner, ann, { name: 'made meanwhile' }))
    expect(await outcome(there, made.secret)).toBe('suspended')

    await there.owners.liftSuspension(owner, operator)
    for (const one of [...all, made.secret]) {
      expect(await outcome(there, one)).toBe('accepted')
      await expect.poll(() => outcome(here, one)).toBe('accepted')
    }
  })

  it('is told apart from keys that are over, and comes before what the owner did', async () => {
    const owner = anOwner()
    const [revoked, disabled] = [
      must(await here.keys.create(owner, ann, { name: 'r' })),
      must(await here.keys.create(owner, ann, { name: 'd' })),
    ]
    must(await here.keys.revoke(owner, ann, revoked.apiKey.id))
    must(await here.keys.update(owner, ann, disabled.apiKey.id, { enabled: false }))
    must(await here.owners.suspend(owner, reason))
    expect(await outcome(here, revoked.secret)).toBe('revoked')
    expect(await outcome(here, disabled.secret)).toBe('suspended')
    await here.owners.liftSuspension(owner)
    expect(await outcome(here, disabled.secret)).toBe('disabled')
  })

  it('is recorded in its own trail, with who and why, and is suspended once', async () => {
    const owner = anOwner()
    // It has no key yet, so nobody has any in memory.
    expect(must(await here.owners.suspend(owner, reason, operator)).receipt.nodes).toBe(0)
    expect(await there.owners.suspend(owner, 'Another reason', ann)).toEqual({
      ok: false,
      reason: 'suspended',
    })
    expect(await there.owners.get(owner)).toMatchObject({ suspension: { reason } })
    await here.owners.liftSuspension(owner, operator)
    await here.owners.liftSuspension(owner, operator)
    const { data } = must(await here.audit.list(owner))
    expect(data.map(({ action, actor, address }) => [action, actor?.name, address])).toEqual([
      ['owner.suspension_lifted', 'Olga', '192.0.2.7'],
      ['owner.suspended', 'Olga', '192.0.2.7'],
    ])
    expect(data[1]!.after).toMatchObject({ suspensionReason: reason })
    expect(await here.audit.verify(owner)).toMatchObject({ ok: true, events: 2 })
  })

  it('can still have a leaked key ended by whoever holds it', async () => {
    const owner = anOwner()
    const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'leaked' }))
    must(await here.owners.suspend(owner, reason))
    must(await here.holders.revoke(must(await here.holders.recognise(secret))))
    expect(await here.keys.get(owner, apiKey.id)).toMatchObject({ revocation: { reason: 'keyCompromise' } })
  })

  it.each(['', ' ', 'two\nlines', 'x'.repeat(501)])(
    'has a reason that people can read, not %j',
    async (text) => {
      expect(await here.owners.suspend(anOwner(), text)).toMatchObject({ ok: false, field: 'reason' })
    },
  )

  it('is one also when somebody else changes the row', async () => {
    const owner = anOwner()
    const { secret } = must(await here.keys.create(owner, ann, { name: 'k' }))
    expect(await outcome(here, secret)).toBe('accepted')
    await db.database.drizzle.execute(
      sql`update latchkey.owners set suspended_at = now(), suspension_reason = 'by hand' where owner = ${owner}`,
    )
    await expect.poll(() => outcome(here, secret)).toBe('suspended')
  })
})
