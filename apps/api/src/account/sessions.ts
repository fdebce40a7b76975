import { isAPIError } from 'better-auth/api'
import { and, asc, eq, lte, or } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import { type Auth, clientAddressHeader } from './auth.ts'
import { parseRole, type Role } from './roles.ts'
import { sessionCookieName } from './session-cookie.ts'
import { endOfSession, idleMs } from './session-rules.ts'
import { credentials, members, sessions, users, workspaces } from './tables.ts'

/** Who asks: a person with a live session, in their workspace. */
export interface SignedIn {
  user: { id: string; name: string; email: string }
  workspace: { id: string; name: string }
  role: Role
  /** When the session ends unless it is used again. */
  expiresAt: Date
  /** The session's token. Never leaves the process but inside its cookie. */
  token: string
}

export type Sessions = ReturnType<typeof createSessions>

/** A new session, and the `Set-Cookie` value that carries it. */
interface Begun {
  signedIn: SignedIn
  setCookie: string
}

type BeginResult = ({ ok: true } & Begun) | { ok: false; reason: 'invalid_credentials' | 'no_workspace' }

/**
 * Everything that our routes do with sessions. Reading and beginning them is better-auth's work, under the rules
 * of session-rules.ts. Ending them is done here, since better-auth reports a sign-out as done even when the
 * database was out of reach, and a session that was said to be over must be over.
 *
 * Each method throws what the database throws; a refusal is a value.
 */
export function createSessions(db: AppDatabase, auth: Auth) {
  async function read(headers: Headers): Promise<SignedIn | null> {
    const found = await auth.api.getSession({ headers })
    if (found === null) return null
    const membership = await findMembership(db, found.user.id)
    if (membership === null) return null
    const { id, name, email } = found.user
    const expiresAt = endOfSession(found.session)
    return { user: { id, name, email }, ...membership, expiresAt, token: found.session.token }
  }

  async function readNew(setCookie: string): Promise<Begun | null> {
    const signedIn = await read(new Headers({ cookie: setCookie.split(';', 1)[0]! }))
    return signedIn && { signedIn, setCookie }
  }

  async function end(token: string): Promise<void> {
    await db.delete(sessions).where(eq(sessions.token, token))
  }

  /** Forgets the sessions that ended by themselves. */
  async function sweep(): Promise<void> {
    const now = Date.now()
    const isOver = or(lte(sessions.expiresAt, new Date(now)), lte(sessions.updatedAt, new Date(now - idleMs)))
    await db.delete(sessions).where(isOver)
  }

  return {
    /** Null without a live session, and for a person who is (no longer) in any workspace. */
    read: (request: FastifyRequest) => read(headersOf(request)),

    /**
     * Begins a new session, whatever cookie came along; the session of that cookie ends. A wrong password and an
     * unknown person are refused alike, at the cost of one slow hash each. So is a password that was changed while
     * that hash was made: a session begun with it would outlive the change, which has ended all others by then.
     */
    async begin(request: FastifyRequest, person: { email: string; password: string }): Promise<BeginResult> {
      const headers = headersOf(request)
      const passwordBefore = await passwordHashOf(db, person.email)
      const setCookie = await signIn(auth, person, headers)
      if (setCookie === null) return { ok: false, reason: 'invalid_credentials' }
      const before = await auth.api.getSession({ headers })
      if (before !== null) await end(before.session.token)
      await sweep()
      const begun = await readNew(setCookie)
      if (begun === null) return { ok: false, reason: 'no_workspace' }
      if ((await passwordHashOf(db, person.email)) !== passwordBefore) {
        await end(begun.signedIn.token)
        return { ok: false, reason: 'invalid_credentials' }
      }
      return { ok: true, ...begun }
    },

    end,

    async endAll(userId: string): Promise<void> {
      await db.delete(sessions).where(eq(sessions.userId, userId))
    },

    /**
     * Ends every session of the person and begins a new one for whoever changed the password. Null where the
     * current password is wrong.
     */
    async changePassword(
      request: FastifyRequest,
      passwords: { currentPassword: string; newPassword: string },
    ): Promise<Begun | null> {
      try {
        const body = { ...passwords, revokeOtherSessions: true }
        const reply = await auth.api.changePassword({
          body,
          headers: headersOf(request),
          returnHeaders: true,
        })
        return await readNew(cookieIn(reply.headers))
      } catch (error) {
        if (isAPIError(error) && error.body?.code === 'INVALID_PASSWORD') return null
        throw error
      }
    },
  }
}

async function signIn(
  auth: Auth,
  body: { email: string; password: string },
  headers: Headers,
): Promise<string | null> {
  try {
    return cookieIn((await auth.api.signInEmail({ body, headers, returnHeaders: true })).headers)
  } catch (error) {
    if (isAPIError(error) && error.statusCode >= 400 && error.statusCode < 500) return null
    throw error
  }
}

/** What better-auth may know of a request: nothing else that a client sends reaches it. */
function headersOf(request: FastifyRequest): Headers {
  return new Headers({
    cookie: request.headers.cookie ?? '',
    'user-agent': request.headers['user-agent'] ?? '',
    [clientAddressHeader]: request.ip,
  })
}

function cookieIn(headers: Headers): string {
  const cookie = headers.getSetCookie().find((value) => value.startsWith(`${sessionCookieName}=`))
  if (cookie === undefined) throw new Error('better-auth began a session and sent no cookie for it.')
  return cookie
}

async function passwordHashOf(db: AppDatabase, email: string): Promise<string | null> {
  const [found] = await db
    .select({ hash: credentials.password })
    .from(credentials)
    .innerJoin(users, eq(users.id, credentials.userId))
    .where(and(eq(users.email, email.toLowerCase()), eq(credentials.providerId, 'credential')))
  return found?.hash ?? null
}

/** A person's oldest membership with a role that we know. */
async function findMembership(
  db: AppDatabase,
  userId: string,
): Promise<Pick<SignedIn, 'workspace' | 'role'> | null> {
  const rows = await db
    .select({ id: workspaces.id, name: workspaces.name, role: members.role })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.organizationId))
    .where(eq(members.userId, userId))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1)
  const [row] = rows
  const role = row && parseRole(row.role)
  return row && role ? { workspace: { id: row.id, name: row.name }, role } : null
}
