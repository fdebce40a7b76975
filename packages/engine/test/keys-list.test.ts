import { keyState, KEY_STATES, type ApiKey, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

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
