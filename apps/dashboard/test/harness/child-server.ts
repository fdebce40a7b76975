import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A program of ours that serves HTTP, running as it would in production. */
export interface ChildServer {
  /** Everything it has printed. */
  output: () => string
  stop: () => Promise<void>
}

const startMs = 60_000

/** Runs `node <file>` and waits until `readyUrl` answers. Throws with what it printed when it ends instead. */
export async function startChild(
  file: string,
  environment: Record<string, string>,
  readyUrl: string,
): Promise<ChildServer> {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.on('data', (text) => (printed += String(text)))
  child.stderr.on('data', (text) => (printed += String(text)))

  const deadline = Date.now() + startMs
  while (!(await fetch(readyUrl).catch(() => null))?.ok) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${file} did not start. It printed:\n${printed}`)
    }
    await delay(50)
  }

  return {
    output: () => printed,
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
