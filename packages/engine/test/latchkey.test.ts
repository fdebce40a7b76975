import {
  createLatchkey,
  generateSecret,
  openDatabase,
  StoreUnavailable,
  type LatchkeyOptions,
} from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ann, must, scopes } from './set-up.ts'

describe('createLatchkey', () => {
  let server: FreshDatabase
  beforeAll(async () => {
    server = await freshDatabase()
  })
  afterAll(() => server.drop())

  it.each<[string, LatchkeyOptions]>([
    ['namespace', { namespace: '' }],
    ['namespace', { namespace: 'Upper' }],
    ['namespace', { namespace: 'x'.repeat(64) }],
    ['keyPrefix', { keyPrefix: 'lk_' }],
    ['keyPrefix', { keyPrefix: 'LK' }],
    ['scope', { scopes: { 'two words': '' } }],
    ['scope', { scopes: { 'quo"te': '' } }],
    ['scope', { scopes: { ['x'.repeat(65)]: '' } }],
    ['maxKeysPerOwner', { maxKeysPerOwner: 0 }],
    ['maxKeysPerOwner', { maxKeysPerOwner: Number.NaN }],
    ['idempotencyWindowSeconds', { idempotencyWindowSeconds: 1.5 }],
    ['usageRetentionDays', { usageRetentionDays: { minute: 0 } }],
    ['usageRetentionDays', { usageRetentionDays: { day: 1 } }],
  ])('refuses a wrong %s with a sentence, before it opens anything: %o', async (what, options) => {
    await expect(createLatchkey({ database: '/dev/null/nowhere', ...options })).rejects.toThrow(
      new RegExp(`${what}.* must be .*\\.$`),
    )
  })

  it('closes the database that it opened, and no other', async () => {
    const database = await openDatabase(server.url)
    const guest = await createLatchkey({ database, scopes })
    await guest.close()
    const host = await createLatchkey({ database, scopes })
    await host.ready()
    await host.close()
    await database.close()
    await expect(host.ready()).rejects.toThrow(StoreUnavailable)

    const own = await createLatchkey({ database: server.url })
    await own.ready()
    await own.close()
    await expect(own.ready()).rejects.toThrow(StoreUnavailable)
  })

  it('tells its namespace, prefix and scopes, which nobody can change', async () => {
    const given = { ...scopes }
    const options = { namespace: 'n', keyPrefix: 'my_app', scopes: given }
    const latchkey = await createLatchkey({ database: server.url, ...options })
    Object.assign(given, { 'added:later': '' })
    expect(latchkey).toMatchObject({ namespace: 'n', keyPrefix: 'my_app' })
    expect(latchkey.scopes).toEqual(scopes)
    expect(Object.isFrozen(latchkey.scopes)).toBe(true)
    const late = await latchkey.keys.create('o', ann, { name: 'k', scopes: ['added:later'] })
    expect(late).toMatchObject({ ok: false, field: 'scopes' })
    expect(must(await latchkey.keys.create('o', ann, { name: 'k' })).secret).toMatch(/^my_app_live_/)
    await latchkey.close()
  })

  it('answers "unavailable", not "unknown", once it is closed', async () => {
    const latchkey = await createLatchkey({ database: server.url })
    await latchkey.close()
    const secret = generateSecret({ prefix: 'lk', environment: 'live' })
    await expect(latchkey.verify(secret)).rejects.toThrow(StoreUnavailable)
  })
})
