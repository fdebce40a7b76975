import { keyState, KEY_STATES, type ApiKey, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

const start = Date.parse('2026-06-01T12:00:00.123Z')

describe.each(testDatabases)('listing keys on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: start }
  let latchkey: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ now: () => clock.now })
  })

  const owner = anOwner()
  const names = ['beta', 'Alpha', 'gamma 100%', 'delta_1', 'épsilon', 'zeta', 'Zeta', 'eta']

  beforeAll(async () => {
    for (const [i, name] of names.entries()) {
      // Two keys to a millisecond, so that pages must order by more than time.
      clock.now += i % 2
      must(await latchkey.keys.create(owner, ann, { name, environment: i < 3 ? 'test' : 'live' }))
    }
    must(await latchkey.keys.create(anOwner(), ann, { name: "another owner's alpha" }))
  })

  type Options = NonNullable<Parameters<Latchkey['keys']['list']>[1]>

  async function listAll(options: Options = {}): Promise<ApiKey[]> {
    const found: ApiKey[] = []
    let cursor: string | null | undefined
    do {
      const page = must(await latchkey.keys.list(owner, { ...options, ...(cursor && { cursor }) }))
      found.push(...page.data)
      cursor = page.nextCursor
    } while (cursor !== null)
    return found
  }

  const namesOf = (found: ApiKey[]) => found.map(({ name }) => name)

  it('gives the newest first, 25 to a page, and only the owner sees them', async () => {
    const { data, nextCursor } = must(await latchkey.keys.list(owner))
    expect(namesOf(data).sort()).toEqual([...names].sort())
    expect(data[0]!.createdAt.getTime()).toBeGreaterThanOrEqual(data.at(-1)!.createdAt.getTime())
    expect(nextCursor).toBeNull()
  })

  it.each(['createdAt', '-createdAt', 'name', '-name'] as const)(
    'gives every key once, in one order, whatever the size of the page, by %s',
    async (sort) => {
      const whole = await listAll({ sort, limit: 100 })
      expect(whole).toHaveLength(names.length)
      for (const limit of [1, 2, 3, 7, 8]) expect(await listAll({ sort, limit })).toEqual(whole)
      const opposite = sort.startsWith('-') ? sort.slice(1) : `-${sort}`
      expect(await listAll({ sort: opposite as typeof sort })).toEqual(whole.toReversed())
    },
  )

  it('sorts names whatever their case', async () => {
    expect(namesOf(await listAll({ sort: 'name' })).slice(0, 5)).toEqual([
      'Alpha',
      'beta',
      'delta_1',
      'eta',
      'gamma 100%',
    ])
  })

  it('neither repeats nor skips keys when others come and go between pages', async () => {
    const first = must(await latchkey.keys.list(owner, { limit: 4, sort: 'createdAt' }))
    must(await latchkey.keys.revoke(owner, ann, first.data[3]!.id))
    clock.now += 1
    const { apiKey: late } = must(await latchkey.keys.create(owner, ann, { name: 'late' }))
    const rest = must(await latchkey.keys.list(owner, { cursor: first.nextCursor!, sort: 'createdAt' }))
    expect(namesOf([...first.data, ...rest.data])).toEqual([...names, 'late'])
    must(await latchkey.keys.revoke(owner, ann, late.id))
    const { name, environment } = first.data[3]!
    must(await latchkey.keys.create(owner, ann, { name, environment }))
  })

  it.each([
    ['ALPHA', ['Alpha']],
    ['eta', ['Zeta', 'beta', 'eta', 'zeta']],
    ['%', ['gamma 100%']],
    ['_', ['delta_1']],
    ['\\', []],
    ["'", []],
    [' beta ', ['beta']],
  ])('finds %j in names, whatever the case and with no wildcards', async (q, found) => {
    expect(namesOf(await listAll({ q })).sort()).toEqual(found)
  })

  it('finds a key by how its secret begins, case and all', async () => {
    const [key] = await listAll()
    expect((await listAll({ q: key!.start })).map(({ id }) => id)).toContain(key!.id)
    expect(await listAll({ q: key!.start.slice(1) })).toEqual([])
    expect(await listAll({ q: 'lk_live_' })).not.toEqual([])
    expect(await listAll({ q: 'LK_LIVE_' })).toEqual([])
  })

  it('finds a key by its whole secret', async () => {
    const { secret, apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'pasted' }))
    expect((await listAll({ q: ` ${secret} ` })).map(({ id }) => id)).toEqual([apiKey.id])
    must(await latchkey.keys.revoke(owner, ann, apiKey.id))
  })

  it('filters by environment', async () => {
    expect(namesOf(await listAll({ environment: 'test' })).sort()).toEqual(['Alpha', 'beta', 'gamma 100%'])
  })

  it('sorts every key into exactly the state that keyState gives it, and hides revoked ones unless asked', async () => {
    const [a, b, c, d, e] = await listAll({ sort: 'name' })
    must(await latchkey.keys.update(owner, ann, a!.id, { enabled: false }))
    must(await latchkey.keys.update(owner, ann, b!.id, { expiresAt: new Date(clock.now + 10) }))
    must(
      await latchkey.keys.update(owner, ann, c!.id, {
        expiresAt: new Date(clock.now + 10),
        enabled: false,
      }),
    )
    must(
      await latchkey.keys.update(owner, ann, d!.id, {
        expiresAt: new Date(clock.now + 10),
        enabled: false,
      }),
    )
    must(await latchkey.keys.revoke(owner, ann, d!.id))
    must(await latchkey.keys.update(owner, ann, e!.id, { notBefore: new Date(clock.now + 60_000) }))
    clock.now += 10
    const all = await listAll({ status: KEY_STATES })
    for (const state of KEY_STATES) {
      const found = await listAll({ status: [state] })
      expect(found).toEqual(all.filter((key) => keyState(key, clock.now) === state))
      expect(found).not.toEqual([])
    }
    const shown = await listAll()
    expect(shown).toEqual(all.filter((key) => key.revokedAt === null))
    expect(await listAll({ status: [] })).toEqual(shown)
    expect(await listAll({ status: ['active', 'pending', 'disabled', 'expired'] })).toEqual(shown)
  })

  describe('of which some hold a scope, never end, or are not used', () => {
    const busyOwner = anOwner()
    const list = async (options: Options) =>
      must(await catalogued.keys.list(busyOwner, { sort: 'name', ...options }))
    const found = async (options: Options) => namesOf((await list(options)).data)
    const dayMs = 86_400_000
    let catalogued: Latchkey

    beforeAll(async () => {
      clock.now = start
      catalogued = await db.latchkey({
        now: () => clock.now,
        scopeSets: {
          '@read-only': { description: 'Read everything', scopes: ['contacts:read'] },
          '@all': { description: 'Everything', scopes: ['contacts:*'] },
        },
      })
      const made = async (name: string, options: Parameters<Latchkey['keys']['create']>[2]['scopes'] = []) =>
        must(await catalogued.keys.create(busyOwner, ann, { name, scopes: options }))
      const used = await made('used', ['contacts:read'])
      await made('set', ['@read-only'])
      await made('wildcard', ['contacts:*'])
      await made('all', ['@all'])
      await made('write', ['contacts:write'])
      clock.now += dayMs
      const ends = { name: 'ends', expiresAt: new Date(clock.now + dayMs) }
      must(await catalogued.keys.create(busyOwner, ben, ends))
      // A node that closes stores what it counted.
      const node = await db.latchkey({ now: () => clock.now })
      await node.verify(used.secret)
      await node.close()
    })

    it.each([
      ['contacts:read', ['all', 'set', 'used', 'wildcard']],
      ['contacts:write', ['all', 'wildcard', 'write']],
      ['contacts:*', ['wildcard']],
      ['@read-only', ['set']],
      ['contacts', []],
      ["'", []],
      ['a b', []],
    ])('finds what may do %s', async (scope, names) => {
      expect(await found({ scope })).toEqual(names)
    })

    it('tells creators apart', async () => {
      expect(await found({ createdBy: ben.id })).toEqual(['ends'])
      expect(await found({ createdBy: 'somebody' })).toEqual([])
    })

    it('finds those that end before a moment, and those that never do', async () => {
      expect(await found({ expiresBefore: new Date(clock.now + dayMs) })).toEqual([])
      expect(await found({ expiresBefore: new Date(clock.now + dayMs + 1) })).toEqual(['ends'])
      expect(await found({ neverExpires: false })).toEqual(['ends'])
      expect(await found({ neverExpires: true, scope: 'contacts:read' })).toEqual([
        'all',
        'set',
        'used',
        'wildcard',
      ])
    })

    it('finds those that existed and were not used since a moment', async () => {
      const since = new Date(clock.now - dayMs / 2)
      expect(await found({ unusedSince: since })).toEqual(['all', 'set', 'wildcard', 'write'])
      expect(await found({ unusedSince: new Date(clock.now) })).toEqual(['all', 'set', 'wildcard', 'write'])
      expect(await found({ unusedSince: new Date(clock.now + 1) })).toHaveLength(6)
      expect(await found({ unusedSince: new Date(start) })).toEqual([])
    })

    it('finds those that have two secrets which work', async () => {
      const { id } = (await list({ scope: '@read-only' })).data[0]!
      must(await catalogued.keys.rotate(busyOwner, ann, id, { gracePeriodSeconds: 60 }))
      expect(await found({ rotating: true })).toEqual(['set'])
      expect(await found({ rotating: false })).toEqual(['all', 'ends', 'used', 'wildcard', 'write'])
      clock.now += 60_000
      expect(await found({ rotating: true })).toEqual([])
    })

    it('counts what is on all pages, and only when asked', async () => {
      expect((await list({})).total).toBeNull()
      const first = await list({ limit: 2, count: true, scope: 'contacts:read' })
      expect(first).toMatchObject({ total: 4, data: [{ name: 'all' }, { name: 'set' }] })
      const last = { limit: 2, count: true, scope: 'contacts:read', cursor: first.nextCursor! }
      expect(await list(last)).toMatchObject({ total: 4, nextCursor: null })
    })
  })

  it("a cursor of one owner gives another owner only the other's own keys", async () => {
    const { nextCursor } = must(await latchkey.keys.list(owner, { limit: 1, sort: 'name' }))
    const stranger = anOwner()
    must(await latchkey.keys.create(stranger, ann, { name: 'zzz' }))
    const page = must(await latchkey.keys.list(stranger, { cursor: nextCursor!, sort: 'name' }))
    expect(namesOf(page.data)).toEqual(['zzz'])
  })

  const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const id = 'key_01h455vb4pex5vsknk084sn02q'
  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 101 }],
    ['limit', { limit: 1.5 }],
    ['limit', { limit: Number.NaN }],
    ['sort', { sort: 'hash' }],
    ['sort', { sort: 'toString' }],
    ['status', { status: ['gone'] }],
    ['environment', { environment: 'prod' }],
    ['q', { q: 'x'.repeat(201) }],
    ['q', { q: '\u0000' }],
    ['q', { q: '\uD800' }],
    ['scope', { scope: '' }],
    ['scope', { scope: 'x'.repeat(256) }],
    ['createdBy', { createdBy: '\u0000' }],
    ['expiresBefore', { expiresBefore: new Date(Number.NaN) }],
    ['unusedSince', { unusedSince: new Date('0000-01-01') }],
    ['cursor', { cursor: '' }],
    ['cursor', { cursor: 'nonsense' }],
    ['cursor', { cursor: cursorOf({}) }],
    ['cursor', { cursor: cursorOf(['name', 'x', id]) }],
    ['cursor', { cursor: cursorOf(['-createdAt', 'yesterday', id]) }],
    ['cursor', { cursor: cursorOf(['-createdAt', '+275760-09-13T00:00:00.000Z', id]) }],
    ['cursor', { cursor: cursorOf(['-createdAt', '2026-01-01T00:00:00.000Z', 'x']) }],
    ['cursor', { cursor: cursorOf(['-createdAt', '2026-01-01T00:00:00.000Z', id, 1]) }],
    ['cursor', { cursor: cursorOf(['name', '\u0000', id]), sort: 'name' }],
  ])('names the field %s when it is wrong: %o', async (field, wrong) => {
    expect(await latchkey.keys.list(owner, wrong as Options)).toMatchObject({
      ok: false,
      reason: 'invalid',
      field,
    })
  })
})
