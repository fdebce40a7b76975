import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../src/latchkey.ts', import.meta.url))

/** What a command did. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  /** What is piped in; nothing when left out. */
  input?: string
}

/** How the program is started, for whoever starts it by another one. */
export const command: readonly [string, ...string[]] = [
  process.execPath,
  '--conditions=@latchkey/source',
  program,
]

/** Starts the program with no variables but those given, PATH and HOME. */
export function start(args: readonly string[], { cwd, env = {} }: RunOptions = {}): ChildProcess {
  const [file, ...before] = command
  return spawn(file, [...before, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      // Many start; what was compiled for one is good for all.
      NODE_COMPILE_CACHE: join(tmpdir(), 'latchkey-cli-compiled'),
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Runs the program to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options)
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text))
  // It may end before it has read everything.
  child.stdin!.on('error', () => undefined).end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { ...ended, code }
}

/** The result of a command that must have gone well, and the JSON lines that it wrote beside it. */
export async function runJson<T>(args: readonly string[], options?: RunOptions): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json'], options)
  if (code !== 0) throw new Error(`latchkey ${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** An empty folder of one test, with files in it. */
export function aFolder(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** What a host would have in its latchkey.config.ts. */
export const aConfig = `
  export default {
    scopes: { 'contacts:read': 'Read contacts', 'contacts:write': 'Change contacts' },
    imports: { formats: ['sha256', 'sanctum'] },
  }
`
