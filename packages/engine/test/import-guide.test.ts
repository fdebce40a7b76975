import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { testDatabases } from '@latchkey/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { quickForeignKeys, randomText } from './foreign-keys.ts'
import { useDatabase } from './set-up.ts'

const guide = new URL('../../../docs/import.md', import.meta.url)
const results = new URL('../test-results/', import.meta.url).pathname

/** The tables of other systems, with as many of their columns as an export reads, and a key in each. */
const systems = [
  {
    heading: 'better-auth',
    text: 'acme_better-auth-makes-64-letters',
    table: `create table apikey (id text, key text, start text, "referenceId" text, name text, "createdAt" timestamptz,
      "expiresAt" timestamptz, enabled boolean)`,
    row: (text: string) =>
      `insert into apikey values ('1', '${hash('sha256', text, 'base64url')}', 'acme_b', 'workspace', null, now(),
        now() + interval '1 day', true)`,
  },
  {
    heading: 'prefixed-api-key',
    text: 'mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG',
    table: `create table api_keys (short_token text, long_token_hash text, account_id integer, name text,
      created_at timestamptz)`,
    row: (text: string) =>
      `insert into api_keys values ('BRTRKFsL', '${hash('sha256', text.split('_')[2]!, 'hex')}', 7, 'Seam', now())`,
  },
  {
    heading: 'Laravel Sanctum',
    text: `7|${randomText(48)}`,
    table: `create table personal_access_tokens (id bigint, tokenable_id bigint, name text, token text,
      expires_at timestamp, created_at timestamp)`,
    row: (text: string) =>
      `insert into personal_access_tokens values (7, 12, 'Sanctum', '${hash('sha256', text.slice(2), 'hex')}', null,
        now() at time zone 'UTC')`,
  },
  {
    heading: 'djangorestframework-api-key',
    text: `AbCdEfGh.${randomText(32)}`,
    table: `create table rest_framework_api_key_apikey (prefix text, hashed_key text, created timestamptz, name text,
      revoked boolean, expiry_date timestamptz)`,
    row: (text: string) =>
      `insert into rest_framework_api_key_apikey
        values ('AbCdEfGh', 'sha512$$${hash('sha512', text, 'hex')}', now(), 'DRF', false, null)`,
  },
]

const servers = testDatabases.filter(({ name }) => name === 'Postgres')

describe.each(servers)('the guide to imports, on $name', ({ create }) => {
  const db = useDatabase(create)

  it('exports keys by its queries and imports them by its script, pasted as they stand', async () => {
    const markdown = await readFile(guide, 'utf8')
    const lines: string[] = []
    for (const { heading, text, table, row } of systems) {
      await db.database.query(table, [])
      await db.database.query(row(text), [])
      const query = new RegExp(`### ${heading}\n[^]*?\`\`\`sql\n([^]*?);\n\`\`\``).exec(markdown)![1]!
      const exported = await db.database.query<{ json_build_object: object }>(query, [])
      lines.push(...exported.map(({ json_build_object: row }) => JSON.stringify(row)))
    }
    expect(lines).toHaveLength(systems.length)
    lines.push(JSON.stringify({ ...quickForeignKeys['better-auth']!().row, owner: '', name: 'Bad' }))

    const script = /```ts\n(\/\/ import-keys\.ts\n[^]*?)```/.exec(markdown)![1]!
    const formats = `['better-auth', 'prefixed-api-key', 'sanctum', 'drf-api-key']`
    const code = script.replace(`['better-auth']`, formats)
    expect(code).toContain(formats)
    const { printed, trouble } = await runScript(code, lines.join('\n'))
    expect(printed).toContain('{ done: 5, added: 4, known: 0, failed: 1 }')
    expect(trouble).toContain('5 rows\n')
    expect(trouble).toContain('Row 5: owner must be 1 to 255 characters')

    const latchkey = await db.latchkey({
      imports: { formats: ['better-auth', 'prefixed-api-key', 'sanctum', 'drf-api-key'] },
    })
    for (const { text } of systems) expect(await latchkey.verify(text)).toMatchObject({ ok: true })
  })

  /** Inside the package's folder, so that Node finds the engine by name, as in an app that has it installed. */
  async function runScript(code: string, input: string) {
    await mkdir(results, { recursive: true })
    const folder = await mkdtemp(join(results, 'guide-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'import-keys.ts'), code)
    const child = spawn(process.execPath, ['--conditions=@latchkey/source', join(folder, 'import-keys.ts')], {
      env: { ...process.env, DATABASE_URL: db.target },
    })
    child.stdin.end(input)
    const [printed, trouble] = await Promise.all([readAll(child.stdout), readAll(child.stderr)])
    return { printed, trouble }
  }
})
