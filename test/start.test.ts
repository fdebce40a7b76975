import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, startProgram, type Program } from './program.ts'

const email = 'ada@example.com'
const password = 'a long enough password'

let folder: string
let environment: { PORT: string; DASHBOARD_PORT: string; LATCHKEY_DATA: string }
const programs: Program[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-start-'))
  environment = {
    PORT: String(await freePort()),
    DASHBOARD_PORT: String(await freePort()),
    LATCHKEY_DATA: join(folder, 'data'),
  }
})

afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.child.kill('SIGTERM')
    await program.ended()
  }
  await rm(folder, { recursive: true })
})

function start(more: Record<string, string> = {}, options = {}): Program {
  const program = startProgram(['scripts/start.ts'], { ...environment, ...more }, options)
  programs.push(program)
  return program
}

describe('npm start', () => {
  test('prints where to click and a one-time set-up link, and both addresses answer', async () => {
    const program = start()
    await program.printed(/Latchkey is running/)
    expect(program.output()).toMatch(new RegExp(`http://localhost:${environment.DASHBOARD_PORT}/setup#\\S+`))
    const dashboard = await fetch(`http://localhost:${environment.DASHBOARD_PORT}/sign-in`)
    expect(dashboard.status).toBe(200)
    const api = await fetch(`http://localhost:${environment.PORT}/readyz`)
    expect(api.status).toBe(200)
  })

  test('ends with code 0 on SIGTERM, and finds its data again at the next start', async () => {
    const account = { LATCHKEY_ADMIN_EMAIL: email, LATCHKEY_ADMIN_PASSWORD: password }
    const first = start(account)
    await first.printed(/Latchkey is running/)
    first.child.kill('SIGTERM')
    expect(await first.ended()).toBe(0)

    const second = start()
    await second.printed(/Latchkey is running/)
    expect(second.output()).not.toContain('/setup#')
    const signedIn = await fetch(`http://localhost:${environment.PORT}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    })
    expect(signedIn.status).toBe(200)
  })

  test('finishes what is under way and ends with code 0 on Ctrl+C, which goes to every program at once', async () => {
    const account = { LATCHKEY_ADMIN_EMAIL: email, LATCHKEY_ADMIN_PASSWORD: password }
    const program = start({ ...account, LOG_LEVEL: 'info' }, { detached: true })
    await program.printed(/Latchkey is running/)
    const request = await beginSignIn()
    process.kill(-program.child.pid!, 'SIGINT')
    await program.printed(/"msg":"Stopping"/)
    // Twice, as npm passes it on as well.
    process.kill(-program.child.pid!, 'SIGINT')
    await expect.poll(() => refusesConnections(), { timeout: 10_000 }).toBe(true)
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 200 /)
    expect(await program.ended()).toBe(0)
    expect(program.output().match(/"msg":"Stopping"/g)).toHaveLength(1)
  })

  test.each(['PORT', 'DASHBOARD_PORT'] as const)('says in one line that %s is taken', async (name) => {
    const server: Server = createServer().listen(Number(environment[name]), '127.0.0.1')
    await once(server, 'listening')
    const program = start()
    expect(await program.ended()).toBe(1)
    expect(program.output().trim()).toMatch(new RegExp(`^Port ${environment[name]} is taken .*${name}.*$`))
    server.close()
  })

  test('says in one line that the database cannot be reached', async () => {
    const program = start({ DATABASE_URL: `postgres://nobody:hidden@127.0.0.1:${await freePort()}/none` })
    expect(await program.ended()).toBe(1)
    const lines = program.output().trim().split('\n').slice(1)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/127\.0\.0\.1/)
    expect(lines[0]).not.toContain('hidden')
  })

  test('says in one line that a port is no port', async () => {
    const program = start({ PORT: '70000' })
    expect(await program.ended()).toBe(1)
    expect(program.output().trim()).toMatch(/^PORT is "70000".*$/)
  })
})

const refusesConnections = () =>
  fetch(`http://localhost:${environment.PORT}/healthz`).then(
    () => false,
    () => true,
  )

/** Sends a sign-in but for its last character, so that it is under way until `finish`, which returns the reply. */
async function beginSignIn(): Promise<{ finish: () => Promise<string> }> {
  const socket = connect(Number(environment.PORT), '127.0.0.1').setEncoding('utf8')
  await once(socket, 'connect')
  let reply = ''
  socket.on('data', (text: string) => (reply += text))
  const closed = once(socket, 'close')
  const body = JSON.stringify({ email, password })
  const head = `POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
  socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`)
  return {
    async finish() {
      socket.write(body.slice(-1))
      await closed
      return reply
    },
  }
}
