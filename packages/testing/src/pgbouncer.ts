import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { pgbouncerPath } from './pgbouncer-path.ts'

/** A pooler in front of a server. */
export interface Pgbouncer {
  /** The server's URL, by way of the pooler. */
  url: string
  stop: () => Promise<void>
}

/**
 * Starts a PgBouncer that lends connections for one transaction.
 *
 * @param poolSize connections to the server, shared by everyone.
 * @param ignored start-up parameters that it takes and ignores, where it would refuse them.
 */
export async function startPgbouncer(
  serverUrl: string,
  { poolSize, ignored = [] }: { poolSize: number; ignored?: readonly string[] },
): Promise<Pgbouncer> {
  if (pgbouncerPath === undefined) throw new Error('No PgBouncer found; install it or set PGBOUNCER_PATH.')
  const server = new URL(serverUrl)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-pgbouncer-'))
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port || 5432} user=${decodeURIComponent(server.username)} password=${decodeURIComponent(server.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
ignore_startup_parameters = ${ignored.join(',')}
`,
  )
  // Like Postgres, it refuses to run as root.
  const account = process.getuid?.() === 0 ? nobody() : undefined
  for (const path of account ? [folder, settings] : []) chownSync(path, account!.uid, account!.gid)

  const child = spawn(pgbouncerPath, [settings], { ...account, stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const ended = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('process up')) resolve()
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error(log)))
  })

  const url = new URL(serverUrl)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    async stop() {
      kill()
      await ended
      process.off('exit', kill)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
