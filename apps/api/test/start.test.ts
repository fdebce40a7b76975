import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openDatabase } from '@latchkey/fastify'
import { freshDatabase } from '@latchkey/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { dataFolder, startProgram, withProgram } from './process.ts'

// A program that starts on a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000 })

const admin = { LATCHKEY_ADMIN_EMAIL: 'ada@example.com', LATCHKEY_ADMIN_PASSWORD: 'seven tidy otters' }

async function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const linkIn = (output: string): string | undefined => /http:\/\/\S+\/setup#[\w-]{43}/.exec(output)?.[0]

describe('starting the program', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>
  let postgres: Awaited<ReturnType<typeof freshDatabase>>
  beforeAll(async () => {
    postgres = await freshDatabase()
  })
  beforeEach(async () => {
    data = await dataFolder()
  })
  afterEach(() => data.remove())
  afterAll(() => postgres.drop())

  describe('that cannot start says why in one line and exits with 1', () => {
    async function refusal(environment: Record<string, string>): Promise<string> {
      const program = startProgram({ LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent', ...environment })
      const { code } = await program.ended
      const { stdout, stderr } = program.output()
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect(stderr).not.toMatch(/swordfish|seven tidy otters|^\s+at /m)
      return stderr
    }

    it('when the port is taken', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      const line = await refusal({ PORT: String(port) })
      expect(line).toBe(`Port ${port} is taken by another program. Set PORT to a free one.\n`)
      other.close()
    })

    it('when the database cannot be reached', async () => {
      const line = await refusal({ DATABASE_URL: 'postgres://me:swordfish@127.0.0.1:1/crm' })
      expect(line).toContain('The database cannot be reached.')
      expect(line).toContain('127.0.0.1:1')
    })

    it('when the database refuses the user', async () => {
      const url = new URL(postgres.url)
      url.username = 'nobody_we_know'
      url.password = 'swordfish'
      expect(await refusal({ DATABASE_URL: url.href })).toContain('The database cannot be reached.')
    })

    it('when the data folder cannot be made', async () => {
      expect(await refusal({ LATCHKEY_DATA: '/dev/null/latchkey' })).toContain('/dev/null')
    })

    // Which values are refused is the matter of config.test.ts.
    it('when a variable is wrong', async () => {
      const line = await refusal({ DATABASE_URL: 'mysql://me:swordfish@localhost/crm' })
      expect(line).toContain('DATABASE_URL is no postgres:// URL.')
    })

    it('when a pepper is weak, or one is missing under which keys are stored', async () => {
      expect(await refusal({ LATCHKEY_PEPPERS: 'p1:swordfish' })).toMatch(
        /^The program cannot start\. peppers\.keys\.p1 is shorter than 32 bytes\./,
      )
      const [p1, p2] = ['p1', 'p2'].map((name) => `${name}:${randomBytes(32).toString('base64')}`)
      await withProgram({ LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent', LATCHKEY_PEPPERS: p1! }, (program) =>
        program.ready(),
      )
      const database = await openDatabase(data.path)
      await database.query(
        `with owner as (insert into latchkey.owners (namespace, owner) values ('default', 'o') returning id)
          insert into latchkey.keys
            (id, created_at, owner_id, hash, start, name, environment, scopes, created_by_id, pepper)
          select gen_random_uuid(), now(), id, sha256('k'), 'lk', 'k', 'live', '', 'u', 'p1' from owner`,
        [],
      )
      await database.close()
      expect(await refusal({ LATCHKEY_PEPPERS: p2! })).toContain(
        '1 keys and 0 replaced secrets are stored under',
      )
    })

    it('when another process uses the folder', async () => {
      await withProgram({ LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent' }, async (first) => {
        await first.ready()
        expect(await refusal({})).toContain('in use by another process')
      })
    })
  })

  it('prints a one-time link beside the log, and a new one at each start until it was used', async () => {
    const environment = { LATCHKEY_DATA: data.path, DASHBOARD_URL: 'http://keys.example.com:8080/' }
    const first = await withProgram(environment, async (program) => {
      await program.ready()
      const link = linkIn(program.output().stdout)!
      expect(link).toMatch(/^http:\/\/keys\.example\.com:8080\/setup#[\w-]{43}$/)
      const logLines = program
        .output()
        .stdout.split('\n')
        .filter((line) => line.startsWith('{'))
      expect(logLines.length).toBeGreaterThan(0)
      expect(logLines.join()).not.toContain(link.split('#')[1])
      return link
    })
    const account = {
      name: 'Ada',
      email: 'ada@example.com',
      password: 'seven tidy otters',
      workspaceName: 'W',
    }
    await withProgram(environment, async (program) => {
      const url = await program.ready()
      const second = linkIn(program.output().stdout)!
      expect(second).not.toBe(first)
      const setUp = (link: string) => post(`${url}/v1/setup`, { ...account, token: link.split('#')[1] })
      expect((await setUp(first)).status).toBe(403)
      expect((await setUp(second)).status).toBe(201)
    })
    await withProgram(environment, async (program) => {
      const url = await program.ready()
      expect(linkIn(program.output().stdout)).toBeUndefined()
      const { email, password } = account
      expect((await post(`${url}/v1/session`, { email, password })).status).toBe(200)
    })
  })

  it('creates the first account from the environment, and never touches it again', async () => {
    const environment = { DATABASE_URL: postgres.url, LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent' }
    const signIn = (url: string, password: string) =>
      post(`${url}/v1/session`, { email: 'ada@example.com', password }).then(({ status }) => status)
    await withProgram({ ...environment, ...admin }, async (program) => {
      const url = await program.ready()
      expect(linkIn(program.output().stdout)).toBeUndefined()
      expect(await signIn(url, 'seven tidy otters')).toBe(200)
    })
    const other = { ...admin, LATCHKEY_ADMIN_PASSWORD: 'another long password' }
    await withProgram({ ...environment, ...other }, async (program) => {
      const url = await program.ready()
      expect([await signIn(url, 'seven tidy otters'), await signIn(url, 'another long password')]).toEqual([
        200, 401,
      ])
    })
  })

  it('keeps its secret in a file for this user alone, so that a restart signs nobody out', async () => {
    const environment = { LATCHKEY_DATA: data.path, LOG_LEVEL: 'silent', ...admin }
    const cookie = await withProgram(environment, async (program) => {
      const url = await program.ready()
      const { LATCHKEY_ADMIN_EMAIL: email, LATCHKEY_ADMIN_PASSWORD: password } = admin
      const response = await post(`${url}/v1/session`, { email, password })
      return response.headers.getSetCookie()[0]!.split(';')[0]!
    })
    const file = join(data.path, 'secret')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readFile(file, 'utf8')).trim()).toMatch(/^[\w-]{43}$/)
    const status = (environment: Record<string, string>) =>
      withProgram(environment, async (program) => {
        const url = await program.ready()
        return (await fetch(`${url}/v1/session`, { headers: { cookie } })).status
      })
    expect(await status(environment)).toBe(200)
    const secret = 'Zm9yIHRlc3RzIG9ubHksIHRvIHNpZ24gYSBjb29raWU'
    expect(await status({ ...environment, LATCHKEY_SECRET: secret })).toBe(401)
  })
})
