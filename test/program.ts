import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** A started program and everything that it has printed so far. */
export interface Program {
  child: ChildProcess
  output: () => string
  /** Resolves once the output matches; rejects, with the output, when the program ends or time runs out first. */
  printed: (pattern: RegExp, deadlineMs?: number) => Promise<RegExpExecArray>
  /** Resolves with the exit code. */
  ended: () => Promise<number | null>
}

/**
 * Starts `node <args>`, in the root folder unless told otherwise, with no variables but those given, PATH and HOME.
 * With `detached` it leads a process group of its own, as what is started in a terminal does.
 */
export function startProgram(
  args: string[],
  environment: Record<string, string>,
  { cwd = root, detached = false } = {},
): Program {
  const child = spawn(process.execPath, args, {
    cwd,
    detached,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const exit = once(child, 'exit') as Promise<[number | null]>

  return {
    child,
    output: () => output,
    ended: async () => (await exit)[0],
    async printed(pattern, deadlineMs = 60_000) {
      const deadline = Date.now() + deadlineMs
      while (Date.now() < deadline) {
        const match = pattern.exec(output)
        if (match) return match
        if (child.exitCode !== null || child.signalCode !== null) break
        await delay(20)
      }
      throw new Error(`The program did not print ${String(pattern)}. It printed:\n${output}`)
    },
  }
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
