import { createLatchkey, type Latchkey } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HIGH_LIMITS, isActiveAt, loadKeys, OWNER, SCOPES } from '../src/bulk-load.ts'
import { mistypedSecretAt, secretAt } from '../src/secrets.ts'

const COUNT = 200
let database: FreshDatabase
let latchkey: Latchkey

beforeAll(async () => {
  database = await freshDatabase()
  await loadKeys(database.url, { count: COUNT, states: 'mixed', withLimits: true })
  latchkey = await createLatchkey({ database: database.url, scopes: SCOPES })
})

afterAll(async () => {
  await latchkey.close()
  await database.drop()
})

test('a loaded key is as good as one that the engine made, and one in ten is not active', async () => {
  let accepted = 0
  for (let i = 0; i < COUNT; i++) {
    const verdict = await latchkey.verify(secretAt(i), { scopes: ['contacts:read'] })
    expect(verdict.ok, `key ${i}`).toBe(isActiveAt(i))
    if (verdict.ok) accepted++
  }
  expect(accepted).toBe(COUNT * 0.9)
})

test('loaded keys are listed in the order in which they were made, with their limits', async () => {
  const page = await latchkey.keys.list(OWNER, { limit: 50, status: ['active'], sort: '-createdAt' })
  const keys = page.ok ? page.data : []
  expect(keys.map(({ start }) => start)).toEqual(
    Array.from({ length: 50 }, (_, i) => secretAt(COUNT - 1 - i).slice(0, 12)),
  )
  expect(keys[0]!.rateLimits).toEqual(HIGH_LIMITS)
})

test('a mistyped secret is refused for its form', async () => {
  expect(await latchkey.verify(mistypedSecretAt(20))).toMatchObject({ ok: false, reason: 'malformed' })
})
