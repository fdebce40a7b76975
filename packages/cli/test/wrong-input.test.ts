import { freshDatabase } from '@latchkey/testing'
import { expect, it, onTestFinished } from 'vitest'
import { aConfig, aFolder, run } from './program.ts'

const id = 'key_01h455vb4pex5vsknk084sn02q'
const secret = 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'

/** Nothing of these opens a database; each is told in a sentence, and what to do. */
const wrong: [args: string[], sentence: RegExp][] = [
  [['lst'], /unknown command 'lst'[^]*Did you mean list\?/],
  [['list'], /required option '--owner <id>' not specified/],
  [['list', '--owner', ''], /'--owner <id>' argument '' is invalid. It is empty/],
  [['list', '--owner', 'x', '--limt', '3'], /unknown option '--limt'[^]*Did you mean --limit\?/],
  [['list', '--owner', 'x', '--limit', '0'], /whole number, 1 or more/],
  [['list', '--owner', 'x', '--status', 'gone'], /one of active, pending/],
  [['list', '--owner', 'x', '--environment', 'prod'], /Allowed choices are live, test/],
  [['list', '--owner', 'x', '--search', secret], /Never type a whole key/],
  [['create', '--owner', 'x'], /missing required argument 'name'/],
  [['create', 'a', 'b', '--owner', 'x'], /too many arguments/],
  [['create', 'a', '--owner', 'x', '--expires', 'tomorrow'], /90d, a date like 2027-01-31, or never/],
  [['create', 'a', '--owner', 'x', '--expires', '2027-02-30'], /a date like/],
  [['create', 'a', '--owner', 'x', '--rate-limit', '100'], /It is like 100\/1m/],
  [['create', 'a', '--owner', 'x', '--metadata', '{'], /It is a JSON object/],
  [['rotate', id, '--owner', 'x', '--grace', '1w'], /a time like 30m, 24h or 7d/],
  [['rotate', secret, '--owner', 'x'], /That is no id of a key/],
  [['revoke', 'me', '--owner', 'x'], /That is no id of a key/],
  [['revoke', id, '--owner', 'x', '--reason', 'because'], /Allowed choices are unspecified, keyCompromise/],
  [['restore', secret, '--owner', 'x'], /That is no id of a key/],
  [['verify', secret], /never typed into a command[^]*pipe it in: latchkey verify < file/],
  [['verify'], /There was no key to read/],
  [['import', 'missing.csv'], /There is no file missing.csv/],
  [['import', '.'], /is no file/],
  [['import', 'package.txt'], /Say --form jsonl or --form csv/],
  [['list', '--owner', 'x', '--config', 'missing.ts'], /There is no file missing.ts/],
  [['list', '--owner', 'x', '--config', 'package.txt'], /could not be loaded/],
  [['list', '--owner', 'x', '--config', 'nothing.ts'], /must have a default export/],
  [['list', '--owner', 'x', '--config', 'open.ts'], /database must be a URL or a folder/],
  [['list', '--owner', 'x', '--database', 'mysql://x'], /A database is a URL like postgres:/],
  [['list', '--owner', 'x', '--database', 'memory:'], /in memory is gone/],
]

it.each(wrong)('latchkey %j ends with 2 and says what to do', async (args, sentence) => {
  const cwd = aFolder({
    'package.txt': 'no module',
    'nothing.ts': 'export const scopes = {}',
    'open.ts': 'export default { database: {} }',
  })
  const { code, stdout, stderr } = await run([...args, '--json'], { cwd })
  // The last line: without a command the list of them comes first.
  const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!) as { error: Record<string, string> }
  expect(error['message']).toMatch(sentence)
  expect(['usage', 'config']).toContain(error['code'])
  expect(stderr).not.toContain(secret)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

it('tells people the same in words', async () => {
  const cwd = aFolder()
  const none = await run([], { cwd })
  expect(none).toMatchObject({ code: 2, stdout: '' })
  expect(none.stderr).toMatch(/^Usage: latchkey [^]*migrate[^]*doctor[^]*Error: Say which command to run/)
  const typo = await run(['lst'], { cwd })
  expect(typo.stderr).toMatch(/^Error: unknown command 'lst'\n\(Did you mean list\?\)/)
})

it('tells what the engine refuses, by field, and where scopes are declared', async () => {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  const options = { cwd: aFolder({ 'latchkey.config.ts': aConfig }), env: { DATABASE_URL: url } }
  expect((await run(['migrate'], options)).code).toBe(0)
  const told = async (args: string[]) => {
    const { code, stderr } = await run([...args, '--owner', 'x', '--json'], options)
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> }
    return { exit: code, ...error }
  }
  expect(await told(['create', ' '])).toEqual({
    exit: 2,
    code: 'invalid_input',
    field: 'name',
    message: 'name must not be empty.',
  })
  expect(await told(['create', 'a', '--scope', 'nope'])).toMatchObject({
    exit: 2,
    field: 'scopes',
    message: expect.stringMatching(/^scopes must be among: contacts:read, contacts:write, /) as string,
  })
  expect(await told(['create', 'a', '--metadata', '[]'])).toMatchObject({ exit: 2, field: 'metadata' })
  expect(await told(['create', 'a', '--expires', '2001-01-01'])).toMatchObject({
    exit: 2,
    field: 'expiresAt',
  })
  expect(await told(['rotate', id, '--grace', '8d'])).toMatchObject({ exit: 2, field: 'gracePeriodSeconds' })
  expect(await told(['revoke', id, '--note', ' '])).toMatchObject({ exit: 2, field: 'note' })
  expect(await told(['rotate', id])).toMatchObject({ exit: 1, code: 'not_found' })
  expect(await told(['create', 'a', '--namespace', 'Not One'])).toMatchObject({ exit: 2, code: 'config' })

  const bare = await run(['create', 'a', '--owner', 'x', '--scope', 'y'], { ...options, cwd: aFolder() })
  expect(bare.stderr).toContain('Those of your app are declared in latchkey.config.ts')
  const unknown = await run(['verify', '--scope', 'nope'], { ...options, input: secret })
  expect(unknown).toMatchObject({ code: 2 })
  expect(unknown.stderr).toContain('The scope nope is not declared')
})
