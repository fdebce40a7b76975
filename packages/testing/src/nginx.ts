import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nginxPath } from './nginx-path.ts'

/** An nginx that serves. */
export interface Nginx {
  /** What it wrote to its error log. */
  log: () => string
  stop: () => Promise<void>
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Starts an nginx.
 *
 * @param http what stands in the block `http` of its configuration.
 * @param port where it listens, as `http` says.
 */
export async function startNginx(http: string, port: number): Promise<Nginx> {
  if (nginxPath === undefined) throw new Error('No nginx found; install it or set NGINX_PATH.')
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  // Its workers are another user, who must get to its temporary files.
  chmodSync(folder, 0o755)
  const configuration = join(folder, 'nginx.conf')
  const paths = TEMPORARY.map((name) => `  ${name}_temp_path ${join(folder, name)};`).join('\n')
  writeFileSync(
    configuration,
    `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log stderr notice;
events {}
http {
  access_log off;
${paths}
${http}
}
`,
  )
  const child = spawn(nginxPath, ['-p', folder, '-e', 'stderr', '-c', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stopNow = () => child.kill('SIGTERM')
  process.on('exit', stopNow)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'exit')
  await Promise.race([
    answers(port, () => child.exitCode === null),
    ended.then(() => Promise.reject(new Error(`nginx did not start:\n${log}`))),
  ])
  return {
    log: () => log,
    async stop() {
      stopNow()
      await ended
      process.off('exit', stopNow)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(port: number, isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
