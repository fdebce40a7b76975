import { readdir, readFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { describe, expect, it } from 'vitest'
import * as account from '../src/account/tables.ts'
import * as crm from '../src/crm/tables.ts'

describe('the tables', () => {
  it('are what the migrations make: `npx drizzle-kit generate` has nothing to add', async () => {
    const folder = new URL('../migrations/meta/', import.meta.url)
    const snapshots = (await readdir(folder)).filter((name) => name.endsWith('_snapshot.json')).sort()
    const last = JSON.parse(await readFile(new URL(snapshots.at(-1)!, folder), 'utf8')) as { id: string }
    const statements = await generateMigration(last, generateDrizzleJson({ ...account, ...crm }, last.id))
    expect(statements).toEqual([])
  })
})
