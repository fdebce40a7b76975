/**
 * `npm start`: builds what changed, runs the demo API and the dashboard, and says where to click.
 * Both are ordinary programs (`node apps/api/dist/server.js`, `node apps/dashboard/build`); this one only
 * wires their addresses together and ends both when either ends.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const host = process.env['HOST'] ?? '127.0.0.1'
const apiPort = readPort('PORT', 3000)
const dashboardPort = readPort('DASHBOARD_PORT', 4000)
const apiUrl = `http://localhost:${apiPort}`
const dashboardUrl = process.env['ORIGIN'] ?? `http://localhost:${dashboardPort}`

if (apiPort === dashboardPort) fail(`PORT and DASHBOARD_PORT are both ${apiPort}. Give each its own.`)
await refuseTakenPort('PORT', apiPort)
await refuseTakenPort('DASHBOARD_PORT', dashboardPort)
build()

const children: ChildProcess[] = []
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0))

run('apps/api/dist/server.js', 'inherit', {
  PORT: String(apiPort),
  HOST: host,
  DASHBOARD_URL: dashboardUrl,
})
await answers(`http://${host}:${apiPort}/readyz`)
// All it has to say on standard output is where it listens, which is said below.
run('apps/dashboard/build/index.js', 'ignore', {
  PORT: String(dashboardPort),
  HOST: host,
  ORIGIN: dashboardUrl,
  API_URL: `http://${host}:${apiPort}`,
  API_PUBLIC_URL: apiUrl,
  // The API's secrets are none of the dashboard's business.
  DATABASE_URL: undefined,
  LATCHKEY_SECRET: undefined,
  LATCHKEY_PEPPERS: undefined,
  LATCHKEY_ADMIN_PASSWORD: undefined,
  LATCHKEY_OPENID_CLIENT_SECRET: undefined,
})
await answers(`http://${host}:${dashboardPort}/healthz`)

process.stdout.write(`
  Latchkey is running.

    Dashboard   ${dashboardUrl}
    API         ${apiUrl}
    API docs    ${apiUrl}/docs

  Press Ctrl+C to stop. Your data stays where it is.

`)

/** A port from the environment, or its default; anything but 1 to 65535 ends the program with one line. */
function readPort(name: string, fallback: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    fail(`${name} is "${text}", which is no port. Give a whole number from 1 to 65535.`)
  }
  return port
}

/** Says so at once, before a build of half a minute, when somebody else listens on the port. */
async function refuseTakenPort(name: string, port: number): Promise<void> {
  const server = createServer()
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be opened (${code})`
    fail(`Port ${port} ${why}. Set ${name} to a free one, for example ${name}=${port + 1} npm start.`)
  }
  server.close()
  await once(server, 'close')
}

function build(): void {
  process.stdout.write('Building (the first time takes about a minute) ...\n')
  const result = spawnSync('turbo', ['run', 'build', '--output-logs=errors-only'], {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}\n`)
    fail('The build failed; what it printed stands above.')
  }
}

/** Starts a program of ours; when it ends by itself, whatever the reason, so does everything. */
function run(file: string, stdout: 'inherit' | 'ignore', environment: NodeJS.ProcessEnv): void {
  const child = spawn(process.execPath, [file], {
    cwd: root,
    env: { LOG_LEVEL: 'warn', ...process.env, ...environment },
    stdio: ['ignore', stdout, 'inherit'],
  })
  children.push(child)
  child.once('exit', (code) => void stop(code ?? 1))
}

/** Waits until the program answers its health check. If it ends instead, `run` has ended us already. */
async function answers(url: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const reply = await fetch(url).catch(() => null)
    if (reply?.ok) return
    await delay(100)
  }
  process.stderr.write(`No answer from ${url} within 60 seconds.\n`)
  await stop(1)
}

/** Asks every program to finish what it is doing, waits for it, and ends with `code`, or that of one which failed to. */
async function stop(code: number): Promise<never> {
  if (stopping) return new Promise<never>(() => {})
  stopping = true
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null)
  for (const child of running) child.kill('SIGTERM')
  const codes = await Promise.all(
    running.map(async (child) => ((await once(child, 'exit')) as [number | null])[0]),
  )
  process.exit(codes.reduce<number>((worst, each) => Math.max(worst, each ?? 0), code))
}

function fail(line: string): never {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
