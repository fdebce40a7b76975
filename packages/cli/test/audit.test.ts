import { createLatchkey } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aFolder, run } from './program.ts'

interface Report {
  ok: boolean
  owners: number
  events: number
  data: { owner: string; events: number; head: { sequence: number; hash: string }; fault: object | null }[]
}

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const latchkey = await createLatchkey({ database: database.url })
  const actor = { id: 'ann', name: null }
  for (const owner of ['acme', 'acme', 'globex']) await latchkey.keys.create(owner, actor, { name: 'key' })
  await latchkey.close()
})
afterAll(() => database.drop())

const options = () => ({ cwd: aFolder(), env: { DATABASE_URL: database.url } })

async function verified(...flags: string[]) {
  const { code, stdout, stderr } = await run(['audit', 'verify', '--json', ...flags], options())
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Report) }
}

it('checks every owner of the namespace, or one, and tells the head of each chain', async () => {
  const report = await verified()
  expect(report).toMatchObject({ code: 0, ok: true, owners: 2, events: 3 })
  expect(report.data).toMatchObject([
    { owner: 'acme', events: 2, head: { sequence: 2 }, fault: null },
    { owner: 'globex', events: 1, head: { sequence: 1 }, fault: null },
  ])
  expect(report.data[0]!.head.hash).toMatch(/^[0-9a-f]{64}$/)
  expect(await verified('--owner', 'globex')).toMatchObject({ code: 0, owners: 1, events: 1 })
  expect(await verified('--owner', 'nobody')).toMatchObject({ code: 0, owners: 0, data: [] })
  const words = await run(['audit', 'verify'], options())
  expect(words.stdout).toMatch(
    /^OWNER +EVENTS +RESULT\nacme +2 +whole *\nglobex +1 +whole *\n2 owners, 3 events\./,
  )
})

it('records who ran a command', async () => {
  const { code } = await run(['create', 'A', '--owner', 'recorded'], options())
  expect(code).toBe(0)
  await run(['create', 'B', '--owner', 'recorded', '--actor', 'user_ann'], options())
  const latchkey = await createLatchkey({ database: database.url })
  const listed = await latchkey.audit.list('recorded').finally(() => latchkey.close())
  expect(listed).toMatchObject({
    data: [
      { actor: { type: 'person', id: 'user_ann' } },
      { actor: { type: 'system', id: expect.stringMatching(/^cli:/) as string } },
    ],
  })
})

it('says what the audit command can do, when it is not told', async () => {
  const { code, stderr } = await run(['audit'], options())
  expect(code).toBe(2)
  expect(stderr).toMatch(/Usage: latchkey audit [^]*verify/)
})

it('ends with 1 when somebody tampered with the trail, and tells where first', async () => {
  const sql = postgres(database.url, { max: 1 })
  await sql`alter table latchkey.audit_events disable trigger user`
  await sql`update latchkey.audit_events set text = replace(text, 'ann', 'bob') where sequence = 2`
  await sql.end()
  const report = await verified()
  expect(report).toMatchObject({ code: 1, ok: false })
  expect(report.data[0]).toMatchObject({ owner: 'acme', fault: { sequence: 2, problem: 'changed' } })
  const words = await run(['audit', 'verify', '--owner', 'acme'], options())
  expect(words.code).toBe(1)
  expect(words.stdout).toMatch(/^acme +1 +event 2 changed: /m)
})
