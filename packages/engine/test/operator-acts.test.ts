import type { Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const olga = { id: 'user_olga', name: 'Olga', from: { address: '192.0.2.7', userAgent: 'a browser' } }

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('what operators do, on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey
  beforeAll(async () => {
    latchkey = await db.latchkey()
  })

  it('is recorded in each trail that is named, with the key, and fits into its chain', async () => {
    const [owner, trail] = [anOwner(), anOwner()]
    const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k' }))
    const action = 'operator.looked'
    await latchkey.audit.record(
      [
        { owner: trail, action, details: { operation: 'find', q: 'x' } },
        { owner, action, keyId: apiKey.id, details: { operation: 'find' } },
        { owner, action, details: { operation: 'look' } },
      ],
      olga,
    )
    const inTheirs = must(await latchkey.audit.list(owner, { action: [action] })).data
    expect(inTheirs).toHaveLength(2)
    const ofKey = must(await latchkey.audit.list(owner, { keyId: apiKey.id, action: [action] })).data
    expect(ofKey).toMatchObject([
      {
        ...{ action, keyId: apiKey.id, before: null, after: { operation: 'find' } },
        ...{ actor: { id: 'user_olga', name: 'Olga', type: 'person' }, address: '192.0.2.7' },
      },
    ])
    expect(must(await latchkey.audit.list(trail)).data).toMatchObject([{ after: { q: 'x' } }])
    expect(await latchkey.audit.verify(owner)).toMatchObject({ ok: true, events: 3 })
    expect(await latchkey.audit.verify(trail)).toMatchObject({ ok: true, events: 1 })
  })

  it('cannot pass for a change', async () => {
    const statement = `select latchkey.record_operator('default', 'o', null, 'key.revoked', '{}', '{}')`
    await expect(db.database.query(statement, [])).rejects.toMatchObject({ code: '22023' })
  })

  it('rejects, and records nothing, when the database cannot store it', async () => {
    const owner = anOwner()
    await db.database.query('alter function latchkey.record_operator rename to hidden', [])
    const act = { owner, action: 'operator.looked', details: {} } as const
    await expect(latchkey.audit.record([act], olga)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    await db.database.query('alter function latchkey.hidden rename to record_operator', [])
    expect(must(await latchkey.audit.list(owner)).data).toEqual([])
  })
})
