import type { Grant, Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const DAY = 86_400_000
const NO_SETTINGS = { scopes: null, expiryPolicy: null, issuePolicy: null, suspension: null }
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
    expect(await here.owners.get(anOwner())).toEqual(NO_SETTINGS)
  })

  it('are kept apart, and one setting leaves the other', async () => {
    const [owner, other] = [anOwner(), anOwner()]
    const expiryPolicy = { defaultDays: 30, maxDays: null, allowNever: true }
    must(await here.owners.setScopes(owner, ['contacts:read']))
    const { settings } = must(await here.owners.setPolicy(owner, { expiryPolicy }))
    expect(settings).toEqual({ ...NO_SETTINGS, scopes: ['contacts:read'], expiryPolicy })
    expect(await there.owners.get(owner)).toEqual(settings)
    expect(await there.owners.get(other)).toEqual(NO_SETTINGS)
    must(await here.owners.setPolicy(owner, { expiryPolicy: null }))
    expect(await here.owners.get(owner)).toEqual({ ...NO_SETTINGS, scopes: ['contacts:read'] })
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
    const expiryPolicy = { defaultDays: 7, maxDays: 365, allowNever: true }
    must(await strict.owners.setPolicy(owner, { expiryPolicy }))
    expect(await expiryOf()).toBe(now + 7 * DAY)
    expect(await expiryOf(new Date(now + 91 * DAY))).toMatchObject({ field: 'expiresAt' })

    const { apiKey } = must(await strict.keys.create(owner, ann, { name: 'k' }))
    const extend = (days: number) =>
      strict.keys.update(owner, ann, apiKey.id, { expiresAt: new Date(now + days * DAY) })
    expect(await extend(91)).toMatchObject({ reason: 'invalid', field: 'expiresAt' })
    expect(must(await extend(90)).apiKey.expiresAt).toEqual(new Date(now + 90 * DAY))
  })

  it('say which scopes keys may be given, of which those that exist keep theirs', async () => {
    const owner = anOwner()
    const { apiKey } = must(await here.keys.create(owner, ann, { name: 'k', scopes: ['contacts:write'] }))
    const issuePolicy = { scopes: ['@read-only'], liveKeysBy: 'everybody' } as const
    must(await there.owners.setPolicy(owner, { issuePolicy }))
    const make = (...scopes: string[]) => here.keys.create(owner, ann, { name: 'k', scopes })
    must(await make('contacts:read'))
    must(await make('@read-only'))
    for (const scope of ['contacts:write', 'contacts:*', 'keys:read']) {
      expect(await make('contacts:read', scope)).toMatchObject({ reason: 'beyond_grant' })
    }
    const give = (...scopes: string[]) => here.keys.update(owner, ann, apiKey.id, { scopes })
    expect(await give('contacts:write', 'keys:read')).toMatchObject({ reason: 'beyond_grant' })
    must(await here.keys.update(owner, ann, apiKey.id, { name: 'still what it was' }))
    expect((await here.keys.get(owner, apiKey.id))?.scopes).toEqual(['contacts:write'])
    must(await give('contacts:read', 'contacts:write'))
    must(await give('contacts:read'))
    must(await here.owners.setPolicy(owner, { issuePolicy: null }))
    must(await give('contacts:write'))
  })

  it('say who gets a secret of a live key', async () => {
    const owner = anOwner()
    const unbound = { scopes: null, expiresAt: null, environment: null }
    const [admin, other] = [
      { ...unbound, isAdmin: true },
      { ...unbound, isAdmin: false },
    ]
    must(await here.owners.setPolicy(owner, { issuePolicy: { scopes: null, liveKeysBy: 'admins' } }))
    const make = (environment: 'live' | 'test', grant?: Grant) =>
      here.keys.create(owner, ann, { name: 'k', environment, grant })
    const { apiKey: live } = must(await make('live', admin))
    must(await make('live'))
    expect(await make('live', other)).toMatchObject({ reason: 'beyond_grant' })
    const { apiKey: test } = must(await make('test', other))
    expect(await here.keys.rotate(owner, ann, live.id, { grant: other })).toMatchObject({
      reason: 'beyond_grant',
    })
    must(await here.keys.rotate(owner, ann, test.id, { grant: other }))
    must(await here.keys.rotate(owner, ann, live.id, { grant: admin }))
    must(await here.keys.update(owner, ann, live.id, { enabled: false, grant: other }))
    const toMakeKeys = { scopes: ['contacts:read', 'keys:write'], grant: other }
    expect(await here.keys.update(owner, ann, live.id, toMakeKeys)).toMatchObject({ reason: 'beyond_grant' })
    must(await here.keys.update(owner, ann, test.id, toMakeKeys))
    must(await here.keys.update(owner, ann, live.id, { ...toMakeKeys, grant: admin }))
  })

  it.each([
    ['scopes', (owner: string) => here.owners.setScopes(owner, ['contact:read'])],
    [
      'expiryPolicy/maxDays',
      (owner: string) =>
        here.owners.setPolicy(owner, {
          expiryPolicy: { defaultDays: null, maxDays: -1, allowNever: true },
          issuePolicy: { scopes: ['contacts:read'], liveKeysBy: 'admins' },
        }),
    ],
    [
      'issuePolicy/scopes',
      (owner: string) =>
        here.owners.setPolicy(owner, {
          expiryPolicy: { defaultDays: 1, maxDays: 2, allowNever: true },
          issuePolicy: { scopes: ['contact:read'], liveKeysBy: 'admins' },
        }),
    ],
    [
      'issuePolicy/liveKeysBy',
      (owner: string) =>
        here.owners.setPolicy(owner, { issuePolicy: { scopes: null, liveKeysBy: 'nobody' as 'admins' } }),
    ],
  ])('refuse %s that cannot be', async (field, set) => {
    const owner = anOwner()
    expect(await set(owner)).toMatchObject({ ok: false, reason: 'invalid', field })
    expect(await here.owners.get(owner)).toEqual(NO_SETTINGS)
  })
})
