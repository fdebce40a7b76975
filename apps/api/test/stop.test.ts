import { once } from 'node:events'
import { connect } from 'node:net'
import { openDatabase, type Database } from '@latchkey/fastify'
import { freshDatabase } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findAny } from './api.ts'
import { dataFolder, startProgram, withProgram } from './process.ts'

// A program that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000 })

const admin = { LATCHKEY_ADMIN_EMAIL: 'ada@example.com', LATCHKEY_ADMIN_PASSWORD: 'seven tidy otters' }

/** Signs in and makes a key. */
async function createKey(url: string, name = 'A key', cookie?: string) {
  const session = cookie ?? (await signIn(url))
  const response = await fetch(`${url}/v1/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: session },
    body: JSON.stringify({ name, scopes: ['contacts:read'] }),
  })
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
  return ((await response.json()) as { secret: string }).secret
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: admin.LATCHKEY_ADMIN_EMAIL, password: admin.LATCHKEY_ADMIN_PASSWORD }),
  })
  return response.headers.getSetCookie()[0]!.split(';')[0]!
}

const call = (url: string, secret: string) =>
  fetch(`${url}/v1/contacts?limit=1`, { headers: { authorization: `Bearer ${secret}` } })

describe('SIGTERM', () => {
  let postgres: Awaited<ReturnType<typeof freshDatabase>>
  let database: Database
  let data: Awaited<ReturnType<typeof dataFolder>>
  beforeAll(async () => {
    data = await dataFolder()
    postgres = await freshDatabase()
    database = await openDatabase(postgres.url)
  })
  afterAll(async () => {
    await database.close()
    await postgres.drop()
    await data.remove()
  })

  it('makes it unready first, finishes what is under way, stores what is pending and exits with 0', async () => {
    const environment = { DATABASE_URL: postgres.url, LATCHKEY_DATA: data.path, ...admin }
    await withProgram(environment, async (program) => {
      const url = await program.ready()
      const secret = await createKey(url)
      expect((await call(url, secret)).status).toBe(200)

      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      const probe = await beginRequest(url, '/readyz')

      // A request that waits for a lock of ours is under way for as long as we like.
      let underWay: Promise<Response>
      await database.drizzle.transaction(async (tx) => {
        await tx.execute(sql`lock table crm.contacts in access exclusive mode`)
        underWay = call(url, secret)
        await expect.poll(() => waiting(database), { timeout: 10_000 }).toBe(1)
        program.child.kill('SIGTERM')
        await expect.poll(() => refusesConnections(url), { timeout: 10_000 }).toBe(true)
        expect(await probe.finish()).toBe(503)
        // Neither is an order to hurry: what passes a Ctrl+C on, as npm does, makes more of it than one.
        program.child.kill('SIGTERM')
        program.child.kill('SIGINT')
      })
      expect((await underWay!).status).toBe(200)
      expect(await program.ended).toEqual({ code: 0, signal: null })
      const { stdout, stderr } = program.output()
      expect(stderr).toBe('')
      expect(stdout).toContain('"msg":"Stopping"')
      expect(findAny([secret, admin.LATCHKEY_ADMIN_PASSWORD], [stdout])).toEqual([])
    })
    const used: unknown = await database.drizzle.execute(sql`select * from latchkey.last_used`)
    expect(used).toHaveLength(1)
  })

  it('ends an idle program at once, on the embedded database too', async () => {
    await withProgram({ LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent' }, async (program) => {
      const url = await program.ready()
      await fetch(`${url}/healthz`)
      const start = performance.now()
      program.child.kill('SIGTERM')
      expect(await program.ended).toEqual({ code: 0, signal: null })
      expect(performance.now() - start).toBeLessThan(5_000)
    })
  })
})

describe.each(['the embedded database', 'Postgres'])('kill -9 in the middle of creates, on %s', (kind) => {
  let data: Awaited<ReturnType<typeof dataFolder>>
  let postgres: Awaited<ReturnType<typeof freshDatabase>> | undefined
  let environment: Record<string, string>
  beforeAll(async () => {
    data = await dataFolder()
    if (kind === 'Postgres') postgres = await freshDatabase()
    const target = postgres ? { DATABASE_URL: postgres.url } : {}
    environment = { LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent', ...admin, ...target }
  })
  afterAll(async () => {
    await postgres?.drop()
    await data.remove()
  })

  it('loses no key whose 201 arrived', async () => {
    const acknowledged: string[] = []
    for (let round = 1; round <= 5; round += 1) {
      const program = startProgram(environment)
      try {
        const url = await program.ready()
        const statuses = await Promise.all(
          acknowledged.map(async (secret) => (await call(url, secret)).status),
        )
        expect(statuses.filter((status) => status !== 200)).toEqual([])

        const cookie = await signIn(url)
        const before = acknowledged.length
        const workers = Array.from({ length: 4 }, async () => {
          for (;;) acknowledged.push(await createKey(url, `Round ${round}`, cookie))
        })
        const broken = Promise.allSettled(workers)
        await expect
          .poll(() => acknowledged.length, { timeout: 20_000, interval: 1 })
          .toBeGreaterThan(before + 5 * round)
        program.child.kill('SIGKILL')
        await broken
      } finally {
        program.child.kill('SIGKILL')
        await program.ended
      }
    }
    await withProgram(environment, async (program) => {
      const url = await program.ready()
      const statuses = await Promise.all(acknowledged.map(async (secret) => (await call(url, secret)).status))
      expect(statuses.filter((status) => status !== 200)).toEqual([])
      expect(acknowledged.length).toBeGreaterThan(50)
    })
  })
})

/** How many statements wait for a lock. */
async function waiting({ drizzle }: Database): Promise<number> {
  const rows: unknown = await drizzle.execute(
    sql`select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  )
  return (rows as { waiting: number }[])[0]!.waiting
}

const refusesConnections = (url: string) =>
  fetch(`${url}/healthz`).then(
    () => false,
    () => true,
  )

/** Sends a request but for its last line, so that its connection is there and in use until `finish`. */
async function beginRequest(url: string, path: string): Promise<{ finish(): Promise<number> }> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`)
  return {
    async finish() {
      socket.write('\r\n')
      const [reply] = (await once(socket.setEncoding('utf8'), 'data')) as [string]
      socket.destroy()
      return Number(reply.split(' ', 2)[1])
    },
  }
}
