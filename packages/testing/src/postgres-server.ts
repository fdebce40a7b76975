import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

/** A Postgres server that belongs to the tests. */
export interface PostgresServer {
  /** Of a superuser, on the server's own database. */
  url: string
  /** Stops the server and removes its files. Happens by itself when this process ends, however it ends. */
  stop: () => Promise<void>
}

/**
 * Starts a real Postgres server on a free port, with files in a temporary folder. Takes about two seconds.
 * Where TEST_DATABASE_URL names a server, that one is used instead and is left running.
 *
 * @param settings of postgresql.conf, beside those that the tests need.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const given = process.env['TEST_DATABASE_URL']
  if (given) return { url: given, stop: () => Promise.resolve() }

  const program = fileURLToPath(new URL('postgres-keeper.ts', import.meta.url))
  const keeper = spawn(process.execPath, [program, JSON.stringify(settings)], {
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a group of its own, so that what kills the tests' group leaves someone to clean up.
    detached: true,
  })
  const ended = once(keeper, 'exit')
  let trouble = ''
  keeper.stderr.setEncoding('utf8').on('data', (chunk: string) => (trouble += chunk))
  const url = await Promise.race([
    once(keeper.stdout.setEncoding('utf8'), 'data').then(([line]) => String(line).trim()),
    ended.then(() => Promise.reject(new Error(trouble.trim()))),
  ])
  return {
    url,
    async stop() {
      keeper.stdin.end()
      await ended
    },
  }
}
