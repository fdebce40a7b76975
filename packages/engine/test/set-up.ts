import {
  createLatchkey,
  openDatabase,
  type Database,
  type Latchkey,
  type LatchkeyOptions,
} from '@latchkey/engine'
import type { TestDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, expect } from 'vitest'

export const ann = { id: 'user_ann', name: 'Ann' }
export const ben = { id: 'user_ben', name: null }

export const scopes = {
  'contacts:read': 'Read contacts',
  'contacts:write': 'Create, change and delete contacts',
}

/** A database for the `describe` that calls it, opened once, and ways to open Latchkeys on it. */
export function useDatabase(create: () => Promise<TestDatabase>) {
  let made: TestDatabase
  let database: Database
  const open: Latchkey[] = []

  beforeAll(async () => {
    made = await create()
    database = await openDatabase(made.target)
  })
  afterAll(async () => {
    await Promise.all(open.map((latchkey) => latchkey.close()))
    await database.close()
    await made.remove()
  })

  return {
    get database() {
      return database
    },
    get target() {
      return made.target
    },
    async latchkey(options: LatchkeyOptions = {}): Promise<Latchkey> {
      const latchkey = await createLatchkey({ database, scopes, ...options })
      open.push(latchkey)
      return latchkey
    },
  }
}

/** An owner that no other test uses, so that tests on one database do not meet. */
export function anOwner(): string {
  return `owner_${Math.random().toString(36).slice(2)}`
}

/** The outcome of a call that must have gone well. */
export function must<T extends { ok: boolean }>(result: T): Extract<T, { ok: true }> {
  expect(result).toMatchObject({ ok: true })
  return result as Extract<T, { ok: true }>
}
