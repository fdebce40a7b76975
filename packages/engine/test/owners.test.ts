import type { Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const DAY = 86_400_000
const now = Date.parse('2026-06-01T12:00:00Z')

const scopeSets = { '@read-only': { description: 'Read', scopes: ['contacts:read'] } }

describe.each(testDatabases)('owners on $name', ({ create }) => {
  const db = useDatabase(create)
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    const options = { scopeSets, now: () => now }
    here = await db.latchkey(options)
    there = await db.latchkey(options)
  })

  const scopesOf = async (node: Latchkey, secret: string) => (await node.verify(secret)).key?.scopes

  it('have no bound and no policy until somebody sets one', async () => {
    expect(await here.owners.get(anOwner())).toEqual({ scopes: null, expiryPolicy: null })
  })

  it('are kept apart, and one setting leaves the other', async () => {
    const [owner, other] = [anOwner(), anOwner()]
    const expiryPolicy = { defaultDays: 30, maxDays: null, allowNever: true }
    must(await here.owners.setScopes(owner, ['contacts:read']))
    const { settings } = must(await here.owners.setExpiryPolicy(owner, expiryPolicy))
    expect(settings).toEqual({ scopes: ['contacts:read'], expiryPolicy })
    expect(await there.owners.get(owner)).toEqual(settings)
    expect(await there.owners.get(other)).toEqual({ scopes: null, expiryPolicy: null })
    must(await here.owners.setExpiryPolicy(owner, null))
    expect(await here.owners.get(owner)).toEqual({ scopes: ['contacts:read'], expiryPolicy: null })
  })

  it('bound what their keys may do on every node, those that exist included', async () => {
    const owner = anOwner()
    const { secret } = must(await here.keys.create(owner, ann, { name: 'all', scopes: ['contacts:*'] }))
    const neighbour = must(await here.keys.create(anOwner(), ann, { name: 'n', scopes: ['contacts:*'] }))
    for (const node of [here, there]) {
      expect(await scopesOf(node, secret)).toEqual(['contacts:read', 'contacts:write'])
    }

    must(await here.owners.setScopes(owner, ['@read-only']))
    expect(await scopesOf(here, secret)).toEqual(['contacts:read'])
    await expect.poll(() => scopesOf(there, secret)).toEqual(['contacts:read'])
    expect(await here.verify(secret, { scopes: ['contacts:write'] })).toMatchObject({
      ok: false,
      reason: 'insufficient_scope',
    })
    expect(await scopesOf(there, neighbour.secret)).toEqual(['contacts:read', 'contacts:write'])

    must(await there.owners.setScopes(owner, null))
    await expect.poll(() => scopesOf(here, secret)).toEqual(['contacts:read', 'contacts:write'])
  })

  it('bound the old secret of a key that is being rotated as well', async () => {
    const owner = anOwner()
    const options = { name: 'k', scopes: ['contacts:*'] }
    const { apiKey, secret } = must(await here.keys.create(owner, ann, options))
    must(await here.keys.rotate(owner, ann, apiKey.id, { gracePeriodSeconds: 600 }))
    expect(await scopesOf(there, secret)).toHaveLength(2)
    must(await here.owners.setScopes(owner, ['contacts:read']))
    expect(await scopesOf(here, secret)).toEqual(['contacts:read'])
    await expect.poll(() => scopesOf(there, secret)).toEqual(['contacts:read'])
  })

  it('bound them also when somebody else changes the row', async () => {
    const owner = anOwner()
    const { secret } = must(await here.keys.create(owner, ann, { name: 'k', scopes: ['contacts:*'] }))
    expect(await scopesOf(here, secret)).toHaveLength(2)
    await db.database.drizzle.execute(
      sql`update latchkey.owners set scopes = 'contacts:write' where owner = ${owner}`,
    )
    await expect.poll(() => scopesOf(here, secret)).toEqual(['contacts:write'])
  })

  it('are told to nobody again when nothing is different, and use up no number', async () => {
    const owner = anOwner()
    const state = async () =>
      db.database.query(
        `select (select count(*)::int from latchkey.changes) as changes,
          pg_sequence_last_value(pg_get_serial_sequence('latchkey.owners', 'id'))::int as last`,
        [],
      )
    must(await here.owners.setScopes(owner, ['contacts:read']))
    must(await here.keys.create(owner, ann, { name: 'k', scopes: ['contacts:read'] }))
    const before = await state()
    for (const node of [here, there]) must(await node.owners.setScopes(owner, ['contacts:read']))
    expect(await state()).toEqual(before)
    must(await there.owners.setScopes(owner, []))
    expect(await state()).not.toEqual(before)
  })

  it('get no key beyond what they may do now, neither new nor changed', async () => {
    const owner = anOwner()
    must(await here.owners.setScopes(owner, ['contacts:read']))
    const refused = {
      ok: false,
      reason: 'beyond_grant',
      message: 'A key cannot be given a scope that its owner does not have: contacts:write.',
    }
    expect(await here.keys.create(owner, ann, { name: 'k', scopes: ['contacts:*'] })).toEqual(refused)
    const { apiKey } = must(await here.keys.create(owner, ann, { name: 'k', scopes: ['@read-only'] }))
    expect(apiKey.scopes).toEqual(['@read-only'])
    expect(await here.keys.update(owner, ann, apiKey.id, { scopes: ['contacts:write'] })).toEqual(refused)
    expect((await here.keys.get(owner, apiKey.id))?.scopes).toEqual(['@read-only'])
  })

  it('decide for how long their keys live, within what the host allows', async () => {
    const strict = await db.latchkey({ now: () => now, expiryPolicy: { maxDays: 90 } })
    const owner = anOwner()
    const expiryOf = async (expiresAt?: Date | null) => {
      const result = await strict.keys.create(owner, ann, { name: 'k', expiresAt })
      return result.ok ? result.apiKey.expiresAt?.getTime() : result
    }
    expect(await expiryOf()).toBe(now + 90 * DAY)
    expect(await expiryOf(null)).toMatchObject({ reason: 'invalid', field: 'expiresAt' })
    must(await strict.owners.setExpiryPolicy(owner, { defaultDays: 7, maxDays: 365, allowNever: true }))
    expect(await expiryOf()).toBe(now + 7 * DAY)
    expect(await expiryOf(new Date(now + 91 * DAY))).toMatchObject({ field: 'expiresAt' })

    const { apiKey } = must(await strict.keys.create(owner, ann, { name: 'k' }))
    const extend = (days: number) =>
      strict.keys.update(owner, ann, apiKey.id, { expiresAt: new Date(now + days * DAY) })
    expect(await extend(91)).toMatchObject({ reason: 'invalid', field: 'expiresAt' })
    expect(must(await extend(90)).apiKey.expiresAt).toEqual(new Date(now + 90 * DAY))
  })

  it.each([
    ['scopes', (owner: string) => here.owners.setScopes(owner, ['contact:read'])],
    [
      'maxDays',
      (owner: string) =>
        here.owners.setExpiryPolicy(owner, { defaultDays: null, maxDays: -1, allowNever: true }),
    ],
  ])('refuse %s that cannot be', async (field, set) => {
    const owner = anOwner()
    expect(await set(owner)).toMatchObject({ ok: false, reason: 'invalid', field })
    expect(await here.owners.get(owner)).toEqual({ scopes: null, expiryPolicy: null })
  })
})
