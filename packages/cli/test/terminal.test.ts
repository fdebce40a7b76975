import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scriptPath } from '../../testing/src/script-path.ts'
import { aConfig, aFolder, command, run, runJson } from './program.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
  expect((await run(['migrate', '--database', database.url])).code).toBe(0)
})
afterAll(() => database.drop())

/** Runs the program in a terminal, and types what is asked for when it is. */
async function inTerminal(
  args: readonly string[],
  { columns = 100, cwd = aFolder({ 'latchkey.config.ts': aConfig }), env = {}, type = undefined as Typed },
) {
  const line = [...command, ...args].map((word) => `'${word}'`).join(' ')
  // With -e its exit code is that of the program.
  const child = spawn(scriptPath!, ['-qec', `stty cols ${columns}; exec ${line}`, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', DATABASE_URL: database.url, ...env },
  })
  let output = ''
  let hasTyped = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (hasTyped || type === undefined || !output.includes(type.when)) return
    hasTyped = true
    child.stdin.write(type.keys)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, output, plain: stripVTControlCharacters(output).replaceAll('\r', '') }
}
const clearLine = '\r\u001b[2K'
type Typed = { when: string; keys: string } | undefined

it('asks for a key without showing what is typed, and colours the answer', async () => {
  const { secret } = await runJson<{ secret: string }>([
    'create',
    'Typed',
    '--owner',
    'typed',
    '--database',
    database.url,
  ])
  const type = { when: 'it is not shown', keys: `${secret}\r` }
  const shown = await inTerminal(['verify'], { type })
  expect(shown.code).toBe(0)
  expect(shown.output).not.toContain(secret)
  expect(shown.output).toContain('\u001b[32mGood.\u001b[39m')
  const plain = await inTerminal(['verify'], { type, env: { NO_COLOR: '1' } })
  expect(plain.output).toContain('Good.')
  expect(plain.output).not.toContain('\u001b[32m')
})

it('verifies nothing when Ctrl-C is typed instead of a key', async () => {
  const { code, plain } = await inTerminal(['verify'], { type: { when: 'it is not shown', keys: '\u0003' } })
  expect(code).toBe(130)
  expect(plain).toContain('Error: Nothing was verified.')
})

it('fits a list to the width of the terminal, and never cuts an id', async () => {
  const { apiKey } = await runJson<{ apiKey: { id: string } }>([
    ...['create', 'A name that is too long for a narrow terminal, as names are'],
    ...['--owner', 'narrow', '--database', database.url],
  ])
  const { plain, output } = await inTerminal(['list', '--owner', 'narrow'], { columns: 80 })
  const lines = plain.trimEnd().split('\n')
  expect(lines.map((line) => [...line].length)).toEqual(
    lines.map(() => expect.toSatisfy((n: number) => n <= 80) as number),
  )
  expect(lines[1]).toMatch(new RegExp(`^${apiKey.id}  A name .*…  active  lk_live_`))
  expect(output).toContain('\u001b[32mactive')
})

it('shows a bar while it imports, and clears it', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const hash = createHash('sha256').update(`bar-${i}`).digest('hex')
    return JSON.stringify({
      owner: `bar ${i % 100}`,
      name: `key ${i}`,
      hash,
      format: i === 9 ? 'nope' : 'sha256',
    })
  })
  const cwd = aFolder({ 'latchkey.config.ts': aConfig, 'keys.jsonl': rows.join('\n') })
  const { code, output, plain } = await inTerminal(['import', 'keys.jsonl'], { cwd })
  expect(code).toBe(1)
  const bars = output.split(clearLine).map((text) => /^\[#*-*\] +(\d+)% +[\d,]+ rows: /.exec(text)?.[1])
  const shares = bars.filter((share) => share !== undefined).map(Number)
  expect(shares.length).toBeGreaterThan(3)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(plain).toMatch(/Row 10: format must be one of/)
  // What is left on the screen when it is over.
  expect(output.split(clearLine).at(-1)).toMatch(/^20,000 rows: 19,999 added, 0 known, 1 failed\r?\n$/)
})
