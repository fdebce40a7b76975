import { randomBytes } from 'node:crypto'
import { openDatabase, type Database } from '@latchkey/fastify'
import { testDatabases } from '@latchkey/testing'
import { eq } from 'drizzle-orm'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'
import { buildApp, type AppOptions } from '../src/app.ts'
import { createAuth } from '../src/account/auth.ts'
import { createPerson, createWorkspace } from '../src/account/create-account.ts'
import { hashPassword } from '../src/account/password.ts'
import type { Role } from '../src/account/roles.ts'
import { members } from '../src/account/tables.ts'
import { seedWorkspace } from '../src/crm/seed.ts'
import { migrate } from '../src/database/migrate.ts'
import { generateId } from '../src/id.ts'

export const dashboardUrl = new URL('http://localhost:4000')

/** One suite, on Postgres in the process and on a Postgres server. */
export const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

export interface Person {
  id: string
  email: string
  password: string
  workspaceId: string
  /** Ready to be sent, as `name=value`. */
  cookie: string
}

/** A request whose address is plain text. */
export type Request = InjectOptions & { url: string }

export type Api = Awaited<ReturnType<typeof startApi>>

/**
 * The API on a database of its own. `close` also searches everything that was logged for every credential that
 * the test used: whatever a suite is about, it proves that nothing of them reaches the log.
 */
export async function startApi(
  create: () => Promise<{ target: string; remove(): Promise<void> }>,
  more: Pick<AppOptions, 'openId'> = {},
) {
  const stored = await create()
  const database = await openDatabase(stored.target)
  await migrate(database.drizzle)
  const log: string[] = []
  const secret = randomBytes(32).toString('base64url')
  const app = await buildApp({
    database,
    secret,
    dashboardUrl,
    logLevel: 'trace',
    trustProxy: ['loopback'],
    logStream: { write: (line: string) => void log.push(line) },
    ...more,
  })
  const credentials = new Set<string>([secret])

  /** Each caller has an address of its own, so that no test meets the limit of another. */
  let address = 0
  function nextAddress(): string {
    address += 1
    return `10.0.${address >> 8}.${address & 255}`
  }

  async function inject(options: Request): Promise<LightMyRequestResponse> {
    const response = await app.server.inject({ remoteAddress: nextAddress(), ...options })
    const cookie = cookieOf(response)
    if (cookie) credentials.add(cookie.split('=', 2)[1]!).add(tokenOf(cookie))
    for (const [key] of response.body.matchAll(/lk_(live|test)_[0-9A-Za-z]{36}/g)) credentials.add(key)
    return response
  }

  async function signIn(email: string, password: string): Promise<string> {
    const response = await inject({ method: 'POST', url: '/v1/session', payload: { email, password } })
    expect(response.statusCode, response.body).toBe(200)
    return cookieOf(response)!
  }

  /** A signed-in person: in a workspace of their own, or in the one given. */
  async function addPerson(role: Role = 'owner', workspaceId?: string): Promise<Person> {
    const email = `${role}.${randomBytes(4).toString('hex')}@example.com`
    const password = `seven tidy otters ${randomBytes(6).toString('hex')}`
    credentials.add(password)
    const auth = createAuth(database.drizzle, {
      secret,
      dashboardUrl,
      warn: () => undefined,
      onWorkspaceCreated: seedWorkspace,
    })
    const passwordHash = await hashPassword(password)
    const { id } = await createPerson(auth, { name: `A ${role}`, email, passwordHash })
    const home = workspaceId ?? (await createWorkspace(auth, { name: `Home of ${email}`, ownerId: id })).id
    if (workspaceId === undefined) {
      await database.drizzle.update(members).set({ role }).where(eq(members.userId, id))
    } else {
      const member = { id: generateId('member'), organizationId: home, userId: id, role }
      await database.drizzle.insert(members).values(member)
    }
    return { id, email, password, workspaceId: home, cookie: await signIn(email, password) }
  }

  /** A new key of the person's workspace. */
  async function addKey({ cookie }: Person, scopes: string[] = []) {
    const payload = { name: 'A key', scopes }
    const response = await inject({ method: 'POST', url: '/v1/api-keys', headers: { cookie }, payload })
    expect(response.statusCode, response.body).toBe(201)
    const { apiKey, secret } = response.json<{ apiKey: { id: string }; secret: string }>()
    return { id: apiKey.id, secret }
  }

  async function close(): Promise<void> {
    await app.server.close()
    await database.close()
    await stored.remove()
    expect(log.length).toBeGreaterThan(0)
    expect(findAny(credentials, log)).toEqual([])
  }

  return { app, server: app.server, database, log, credentials, inject, signIn, addPerson, addKey, close }
}

/** The session cookie that a response sets, as `name=value`; null where it sets none. */
export function cookieOf(response: LightMyRequestResponse): string | null {
  const header = [response.headers['set-cookie'] ?? []].flat()[0]
  const cookie = header?.split(';', 1)[0]
  return cookie && !cookie.endsWith('=') ? cookie : null
}

/** The session token inside a cookie. */
export function tokenOf(cookie: string): string {
  return decodeURIComponent(cookie.split('=', 2)[1]!).split('.')[0]!
}

/** Which of the needles (by number, never in full) stand in which lines. */
export function findAny(needles: Iterable<string>, lines: readonly string[]): string[] {
  const haystack = lines.join('\n')
  return [...needles].flatMap((needle, number) =>
    haystack.includes(needle) ? [`credential ${number}, of ${needle.length} characters`] : [],
  )
}

/** Every row of every table, as text. */
export async function dumpTables({ drizzle }: Database): Promise<string[]> {
  const { sql } = await import('drizzle-orm')
  const rowsOf = async (statement: ReturnType<typeof sql>) => {
    const result: unknown = await drizzle.execute(statement)
    return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Record<string, string>[]
  }
  const tables = await rowsOf(sql`
    select quote_ident(schemaname) || '.' || quote_ident(tablename) as name
    from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await rowsOf(sql.raw(`select t::text as row from ${name} t`))
      return rows.map(({ row }) => `${name}: ${row}`)
    }),
  )
  return dumps.flat()
}
