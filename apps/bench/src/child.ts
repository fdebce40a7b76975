import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program of this benchmark in a process of its own. */
export interface Child<Message> {
  pid: number
  /** What it said first. */
  message: Message
  /** How long it took from its start to that. */
  readyAfterMs: number
  send(message: object): void
  /** The next thing it says. */
  next<Next>(): Promise<Next>
  stop(): Promise<void>
}

/** How a child is run. */
export interface ChildOptions {
  core: string
  /** Whatever the program wants to know; it is handed over as its one argument. */
  settings?: object
  nodeFlags?: string[]
}

const STOP_DEADLINE_MS = 10_000

/** Starts a program of this folder on one core and waits for what it says first. It ends with this process. */
export async function startChild<Message>(program: string, options: ChildOptions): Promise<Child<Message>> {
  const { core, settings = {}, nodeFlags = [] } = options
  const file = fileURLToPath(new URL(program, import.meta.url))
  const startedAt = performance.now()
  const child = spawn(
    'taskset',
    ['-c', core, process.execPath, ...process.execArgv, ...nodeFlags, file, JSON.stringify(settings)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } },
  )
  const next = async <Next>() => {
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended unasked.`)))
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [Next]
    return message
  }
  const message = await next<Message>()
  return {
    pid: child.pid!,
    message,
    readyAfterMs: performance.now() - startedAt,
    send: (text) => child.send(text),
    next,
    stop: () => stop(child),
  }
}

/** Runs a program of this folder to its end and returns what it said. */
export async function runChild<Message>(program: string, options: ChildOptions): Promise<Message> {
  const child = await startChild<Message>(program, options)
  await child.stop()
  return child.message
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  await ended
  clearTimeout(timer)
}
