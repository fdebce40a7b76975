import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const server = fileURLToPath(new URL('../src/server.ts', import.meta.url))

/** Many start; what was compiled for one is good for all. */
const compiled = join(tmpdir(), 'latchkey-api-compiled')

/** The program itself, as somebody would start it. */
export interface Program {
  child: ChildProcess
  /** Everything it has written so far. */
  output(): { stdout: string; stderr: string }
  /** Its address, once it answers requests. */
  ready(): Promise<string>
  /** Its exit code and how long it took to end. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export function startProgram(environment: Record<string, string>): Program {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--conditions=@latchkey/source', server], {
    cwd: tmpdir(),
    env: { PATH, HOME, PORT: '0', NODE_COMPILE_CACHE: compiled, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (written[stream] += chunk))
  }
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  let isOver = false
  void ended.then(() => (isOver = true))

  async function ready(): Promise<string> {
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline && !isOver) {
      const address = /listens on (http:\/\/\S+?)\. /.exec(written.stdout)?.[1]
      if (address !== undefined) return address
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`The program did not start: ${written.stderr || written.stdout || 'it said nothing'}`)
  }

  return { child, output: () => written, ready, ended }
}

/** Runs a program until `work` is done, and ends it whatever happens. */
export async function withProgram<T>(
  environment: Record<string, string>,
  work: (program: Program) => Promise<T>,
): Promise<T> {
  const program = startProgram(environment)
  try {
    return await work(program)
  } finally {
    program.child.kill('SIGKILL')
    await program.ended
  }
}

/** A folder for the program's data. */
export async function dataFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'latchkey-api-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
