import {
  inspectDatabase,
  migrationStatus,
  openDatabase,
  tryNotifications,
  type Database,
} from '@latchkey/engine'
import { testDatabases, type TestDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useDatabase } from './set-up.ts'

describe.each(testDatabases)('a database without a schema, on $name', ({ create }) => {
  let made: TestDatabase
  let database: Database
  beforeAll(async () => {
    made = await create()
    database = await openDatabase(made.target)
  })
  afterAll(async () => {
    await database.close()
    await made.remove()
  })

  it('is told of without being changed', async () => {
    const facts = await inspectDatabase(database, { namespace: 'default' })
    expect(facts).toMatchObject({ isReadOnly: false, nodes: 0, role: { mayMigrate: true, lacks: [] } })
    expect(facts.serverVersionNumber).toBeGreaterThanOrEqual(150_000)
    const { version, latest, pending } = await migrationStatus(database)
    expect(version).toBe(0)
    expect(pending.at(-1)!.version).toBe(latest)
    expect(await database.query(`select from pg_namespace where nspname = 'latchkey'`, [])).toEqual([])
  })
})

describe.each(testDatabases)('a database with keys, on $name', ({ create }) => {
  const its = useDatabase(create)

  it('has nothing pending, and tells how many are open in the namespace', async () => {
    await its.latchkey()
    await its.latchkey()
    await its.latchkey({ namespace: 'other' })
    const { version, latest, pending } = await migrationStatus(its.database)
    expect({ version, pending }).toEqual({ version: latest, pending: [] })
    expect(await inspectDatabase(its.database, { namespace: 'default' })).toMatchObject({ nodes: 2 })
    expect(await inspectDatabase(its.database, { namespace: 'nobody' })).toMatchObject({ nodes: 0 })
  })

  it('is heard, and tells how far its clock is from that of whoever asks', async () => {
    expect(await tryNotifications(its.database)).toMatchObject({ outcome: 'heard' })
    const behind = { namespace: 'default', now: () => Date.now() - 3_600_000 }
    const { clockAheadMs } = await inspectDatabase(its.database, behind)
    expect(Math.round(clockAheadMs / 60_000)).toBe(60)
  })
})
