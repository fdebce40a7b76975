import { createLatchkey, openDatabase, migrate, type Database } from '@latchkey/engine'
import { freshDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ann, must } from './set-up.ts'

/** As docs/operations.md has it. */
const grants = (role: string) => [
  `grant usage on schema latchkey to ${role}`,
  `grant select, insert, update, delete on all tables in schema latchkey to ${role}`,
  `revoke insert, update, delete on latchkey.audit_events, latchkey.audit_chains from ${role}`,
]

describe.each([
  ['with the rights that it needs', grants],
  [
    'that was given too much',
    (role: string) => [...grants(role), `grant all on all tables in schema latchkey to ${role}`],
  ],
])('a role of the database %s', (_, grantsOf) => {
  const role = `latchkey_test_app_${Math.random().toString(36).slice(2)}`
  let made: Awaited<ReturnType<typeof freshDatabase>>
  let owner: Database
  let limited: Database

  beforeAll(async () => {
    made = await freshDatabase()
    owner = await openDatabase(made.url)
    await migrate(owner)
    for (const statement of [`create role ${role} login password 'app'`, ...grantsOf(role)])
      await owner.query(statement, [])
    const url = new URL(made.url)
    url.username = role
    url.password = 'app'
    limited = await openDatabase(url.href)
  })
  afterAll(async () => {
    await limited.close()
    await owner.query(`drop owned by ${role}`, [])
    await owner.query(`drop role ${role}`, [])
    await owner.close()
    await made.drop()
  })

  it('can do everything that Latchkey does, and read what was recorded', async () => {
    const latchkey = await createLatchkey({ database: limited, imports: { formats: ['sha256'] } })
    const quota = { limit: 5, period: 'never' } as const
    const { apiKey, secret } = must(await latchkey.keys.create('o', ann, { name: 'k', quota }))
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    must(await latchkey.keys.update('o', ann, apiKey.id, { name: 'l', quota: { ...quota, remaining: 1 } }))
    must(await latchkey.keys.rotate('o', ann, apiKey.id, { gracePeriodSeconds: 9 }))
    must(await latchkey.keys.retire('o', ann, apiKey.id, 0))
    must(await latchkey.keys.revoke('o', ann, apiKey.id))
    must(await latchkey.owners.setScopes('o', []))
    const row = { owner: 'o', name: 'k', format: 'sha256', hash: 'ab'.repeat(32) } as const
    expect(await latchkey.imports.run(ann, [row])).toMatchObject({ added: 1 })
    must(await latchkey.owners.suspend('o', 'Spam'))
    await latchkey.owners.liftSuspension('o')
    await latchkey.audit.record([{ owner: 'o', action: 'operator.looked', details: {} }], ann)
    const { data } = must(await latchkey.audit.list('o'))
    expect(data.map(({ action, databaseRole }) => [action, databaseRole]).reverse()).toEqual(
      [
        'key.created',
        'key.updated',
        'key.rotated',
        'key.secret_retired',
        'key.revoked',
        'owner_scopes.updated',
        'key.imported',
        'owner.suspended',
        'owner.suspension_lifted',
        'operator.looked',
      ].map((action) => [action, role]),
    )
    expect(await latchkey.audit.verify()).toMatchObject({ ok: true, events: 10 })
    await latchkey.close()
  })

  it.each([
    `update latchkey.audit_events set text = text`,
    `delete from latchkey.audit_events`,
    `truncate latchkey.audit_events`,
    `insert into latchkey.audit_events select sequence + 1000, at, key_id, chain_id, action, actor_id, hash, text from latchkey.audit_events`,
    `update latchkey.audit_chains set sequence = 0`,
    `delete from latchkey.audit_chains`,
    `insert into latchkey.audit_chains (namespace, owner) values ('default', 'x')`,
    `alter table latchkey.audit_events disable trigger guard_update`,
    `set session_replication_role = replica`,
    `select latchkey.open_audit_chain('default', 'o')`,
    `select latchkey.close_audit_chain(null)`,
    `select latchkey.append_audit_event(chains, null, '{}', '{}', '{}', false) from latchkey.audit_chains as chains`,
  ])('may not: %s', async (statement) => {
    await expect(limited.query(statement, [])).rejects.toMatchObject({ code: '42501' })
  })
})
