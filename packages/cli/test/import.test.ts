import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createLatchkey, type ImportCounts, type Latchkey } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfig, aFolder, run, start, type Ended } from './program.ts'

let database: FreshDatabase
let latchkey: Latchkey
beforeAll(async () => {
  database = await freshDatabase()
  latchkey = await createLatchkey({
    database: database.url,
    scopes: { 'contacts:read': '', 'contacts:write': '' },
    imports: { formats: ['sha256', 'sanctum'] },
  })
})
afterAll(async () => {
  await latchkey.close()
  await database.drop()
})

/** The text of a key that another system issued, and its hash. */
const aText = (name: string) => `old-key-of-the-other-system-${name}`
const aHash = (name: string) => createHash('sha256').update(aText(name)).digest('hex')
const aRow = (owner: string, name: string, more: object = {}) => ({
  ...{ owner, name, hash: aHash(`${owner}-${name}`), format: 'sha256' },
  ...more,
})
const jsonl = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n')

function host(files: Record<string, string> = {}) {
  return {
    cwd: aFolder({ 'latchkey.config.ts': aConfig, ...files }),
    env: { DATABASE_URL: database.url },
  }
}
const countsOf = ({ stdout }: Ended) => JSON.parse(stdout) as ImportCounts
const eventsOf = ({ stderr }: Ended) =>
  stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>)

it('imports JSON Lines with dates, scopes and metadata, and a second run adds nothing', async () => {
  const rows = [
    aRow('lines', 'first', {
      scopes: ['contacts:read'],
      createdAt: '2024-01-02T03:04:05.678Z',
      expiresAt: '2999-01-01',
      metadata: { team: 'sales' },
    }),
    aRow('lines', 'second', { createdAt: null, expiresAt: null, externalId: '42' }),
  ]
  const options = host({ 'keys.jsonl': `\uFEFF${jsonl(rows)}\n\n` })
  const first = await run(['import', 'keys.jsonl', '--json', '--actor', 'user_ann'], options)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(countsOf(first)).toEqual({ done: 2, added: 2, known: 0, failed: 0 })
  const again = await run(['import', 'keys.jsonl', '--json'], options)
  expect(countsOf(again)).toEqual({ done: 2, added: 0, known: 2, failed: 0 })

  const listed = await latchkey.keys.list('lines', { sort: 'name' })
  expect(listed).toMatchObject({
    data: [
      {
        name: 'first',
        scopes: ['contacts:read'],
        createdAt: new Date('2024-01-02T03:04:05.678Z'),
        createdBy: { id: 'user_ann', name: null },
        expiresAt: new Date('2999-01-01T00:00:00Z'),
        metadata: { team: 'sales' },
      },
      { name: 'second', expiresAt: null, metadata: { externalId: '42' } },
    ],
  })
  const verified = await run(['verify'], { ...options, input: aText('lines-first') })
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('Good.') as string })
})

it('imports CSV, as psql writes it, with empty cells left out', async () => {
  const csv = [
    'owner,name,hash,format,scopes,metadata,disabled,createdAt,expiresAt',
    `cells,"Said ""first"", once",${aHash('cells-1')},sha256,contacts:read contacts:write,"{""a"":1}",t,2024-01-02 03:04:05.6+00,`,
    `cells,Second,${aHash('cells-2')},sha256,,,f,,2999-01-01 00:00:00+02:00`,
    '',
  ].join('\r\n')
  const ended = await run(['import', 'keys.csv', '--json'], host({ 'keys.csv': csv }))
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(await latchkey.keys.list('cells', { sort: 'name' })).toMatchObject({
    data: [
      {
        name: 'Said "first", once',
        scopes: ['contacts:read', 'contacts:write'],
        metadata: { a: 1 },
        createdAt: new Date('2024-01-02T03:04:05.600Z'),
        expiresAt: null,
      },
      { name: 'Second', scopes: [], disabledAt: null, expiresAt: new Date('2998-12-31T22:00:00Z') },
    ],
  })
})

it('tells each row that does not fit by its number, on standard error, and imports the rest', async () => {
  const rows = [
    JSON.stringify(aRow('mixed', 'good')),
    '{ no JSON',
    '["a", "list"]',
    JSON.stringify(aRow('mixed', 'bad scope', { scopes: ['nope'] })),
    JSON.stringify(aRow('mixed', 'bad date', { createdAt: 'yesterday' })),
    JSON.stringify(aRow('mixed', 'misspelt', { '\u001b[31mexpiresat': null })),
    JSON.stringify(aRow('mixed', 'good as well')),
  ].join('\n')
  const ended = await run(['import', '--json'], { ...host(), input: rows })
  expect(ended.code).toBe(1)
  expect(countsOf(ended)).toEqual({ done: 7, added: 2, known: 0, failed: 5 })
  expect(eventsOf(ended).map(({ failure }) => failure)).toEqual([
    { row: 2, field: 'row', message: 'is no JSON' },
    { row: 3, field: 'row', message: 'is no JSON object' },
    {
      row: 4,
      field: 'scopes',
      message: expect.stringMatching(/^must be among: contacts:read, contacts:write/) as string,
    },
    { row: 5, field: 'createdAt', message: 'must be a date' },
    { row: 6, field: '\\u001b[31mexpiresat', message: 'is no field of a row' },
  ])
  const words = await run(['import', '-'], { ...host(), input: rows })
  expect(words).toMatchObject({ code: 1, stdout: '7 rows: 0 added, 2 known, 5 failed\n' })
  expect(words.stderr).toContain('Row 4: scopes must be among: contacts:read, contacts:write')
  expect(words.stderr).not.toContain('\u001b')
})

it('refuses a CSV whose first line does not name the columns', async () => {
  const misspelt = await run(['import', '--form', 'csv', '--json'], { ...host(), input: 'owner,nmae\na,b\n' })
  expect(misspelt).toMatchObject({ code: 2, stdout: '' })
  expect(eventsOf(misspelt)[0]!['error']!['message']).toContain('"nmae" cannot be one. They are: owner, name')
})

it('tells lines that are no CSV in their places, and imports the rest', async () => {
  const row = (name: string) => `broken,${name},${aHash(`broken-${name}`)},sha256`
  const many = Array.from({ length: 50 }, (_, i) => row(`key ${i}`))
  const lines = [
    'owner,name,hash,format',
    row('a'),
    'broken,too few',
    'broken,a "quote,b,c',
    ...many,
    'broken,"never closed',
  ]
  const ended = await run(['import', '--form', 'csv', '--json'], { ...host(), input: lines.join('\n') })
  expect(ended.code).toBe(1)
  expect(countsOf(ended)).toEqual({ done: 54, added: 51, known: 0, failed: 3 })
  expect(eventsOf(ended).map(({ failure }) => failure)).toEqual([
    { row: 2, field: 'row', message: 'has 2 cells, and the first line has 4' },
    { row: 3, field: 'row', message: 'is no CSV, at line 4: a quote is missing, or stands where none can' },
    { row: 54, field: 'row', message: 'is no CSV, at line 55: a quote is missing, or stands where none can' },
  ])
})

it('says where the formats are declared when there is no config', async () => {
  const ended = await run(['import', '--json'], {
    ...host(),
    cwd: aFolder(),
    input: jsonl([aRow('none', 'a')]),
  })
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(eventsOf(ended)[0]!['error']!['message']).toContain("imports: { formats: ['sanctum'] }")
})

it("writes JSON alone where the host's package is no ES module, and warnings as JSON as well", async () => {
  const loudConfig = `
    process.emitWarning('of the host', { type: 'HostWarning' })
    export { default } from './latchkey.config.ts'`
  const options = host({ 'package.json': '{}', 'loud.config.ts': loudConfig })
  const input = jsonl([aRow('typeless', 'a')])
  expect(await run(['import', '--json'], { ...options, input })).toMatchObject({ code: 0, stderr: '' })
  const loud = await run(['import', '--json', '--config', 'loud.config.ts'], { ...options, input })
  expect(countsOf(loud)).toMatchObject({ known: 1 })
  expect(eventsOf(loud)).toEqual([{ warning: { message: 'HostWarning: of the host' } }])
})

it('ends cleanly when it is interrupted, says what to do, and goes on where it was', async () => {
  const rows = Array.from({ length: 900 }, (_, i) => aRow('cut', `key ${i}`))
  const options = host()
  const child = start(['import', '--json'], options)
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text))
  child.stdin!.write(`${jsonl(rows.slice(0, 600))}\n`)
  // One batch is stored; the import waits for the next row.
  const stored = () => countOf('cut')
  await expect.poll(stored, { timeout: 60_000 }).toBe(100)
  child.kill('SIGINT')
  const [code] = (await once(child, 'close')) as [number]

  expect(code).toBe(130)
  // It may not have read all that was written.
  const { done } = countsOf(ended)
  expect(done).toBeGreaterThanOrEqual(100)
  expect(countsOf(ended)).toEqual({ done, added: done, known: 0, failed: 0 })
  const { error } = eventsOf(ended).at(-1)!
  expect(error).toMatchObject({ code: 'interrupted' })
  expect(error!['message']).toContain('Run the same command again')
  const again = await run(['import', '--json'], { ...options, input: jsonl(rows) })
  expect(countsOf(again)).toEqual({ done: 900, added: 900 - done, known: done, failed: 0 })
})

/** How many keys an owner has, 100 at most. */
async function countOf(owner: string): Promise<number> {
  const listed = await latchkey.keys.list(owner, { limit: 100 })
  return listed.ok ? listed.data.length : 0
}
