import { isAPIError } from 'better-auth/api'
import { and, asc, desc, eq, like, lte, ne, or } from 'drizzle-orm'
import type { Suspension } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import { isOperator } from '../operator/platform-roles.ts'
import { type Auth, clientAddressHeader } from './auth.ts'
import { parseRole, type Role } from './roles.ts'
import { refusalOf } from './refusal.ts'
import { challengeCookieName, sessionCookieName } from './session-cookie.ts'
import { endOfSession, idleMs } from './session-rules.ts'
import { useCode } from './use-code.ts'
import { credentials, members, sessions, users, verifications, workspaces } from './tables.ts'

/** Who asks: a person with a live session, in their workspace. */
export interface SignedIn {
  user: { id: string; name: string; email: string }
  workspace: { id: string; name: string }
  /** Where else they could be. */
  otherWorkspaces: { id: string; name: string }[]
  role: Role
  /** Why the keys of the workspace are refused; null unless it is suspended. */
  suspension: Suspension | null
  /** Whether the person runs the platform. It has nothing to do with their role. */
  isOperator: boolean
  hasSecondFactor: boolean
  /** When the session ends unless it is used again. */
  expiresAt: Date
  /** When they last proved who they are. */
  authenticatedAt: Date
  sessionId: string
  /** The session's token. Never leaves the process but inside its cookie. */
  token: string
}

/** A session as its person may see it. */
export interface LiveSession {
  id: string
  userAgent: string | null
  address: string | null
  createdAt: Date
  lastUsedAt: Date
  expiresAt: Date
}

export type Sessions = ReturnType<typeof createSessions>

/** A new session, and the `Set-Cookie` value that carries it. */
export interface Begun {
  signedIn: SignedIn
  setCookie: string
}

type BeginResult =
  | ({ ok: true } & Begun)
  | { ok: false; reason: 'invalid_credentials' }
  | { ok: false; reason: 'no_workspace' }
  /** The first step was right; the cookie stands for that until the code comes. */
  | { ok: false; reason: 'second_factor_required'; setCookie: string }

/** How a second factor is shown: by an app's code of the moment, or by one of the codes kept for the day it is lost. */
export type FactorMethod = 'app' | 'recovery'

type FinishResult =
  | ({ ok: true } & Begun)
  | { ok: false; reason: 'wrong_code' | 'sign_in_again' | 'second_factor_locked' | 'no_workspace' }

/**
 * Everything that our routes do with sessions. Reading and beginning them is better-auth's work, under the rules
 * of session-rules.ts. Ending them is done here, since better-auth reports a sign-out as done even when the
 * database was out of reach, and a session that was said to be over must be over.
 *
 * Each method throws what the database throws; a refusal is a value.
 */
export function createSessions(
  db: AppDatabase,
  auth: Auth,
  suspensionOf: (workspaceId: string) => Promise<Suspension | null>,
) {
  async function read(headers: Headers): Promise<SignedIn | null> {
    const found = await auth.api.getSession({ headers })
    if (found === null) return null
    const memberships = await listMemberships(db, found.user.id)
    const chosen = found.session.activeOrganizationId
    const membership = memberships.find(({ workspace }) => workspace.id === chosen) ?? memberships[0]
    if (membership === undefined) return null
    const { id, name, email } = found.user
    return {
      user: { id, name, email },
      workspace: membership.workspace,
      otherWorkspaces: memberships.filter((other) => other !== membership).map(({ workspace }) => workspace),
      role: membership.role,
      suspension: await suspensionOf(membership.workspace.id),
      isOperator: isOperator(found.user),
      hasSecondFactor: found.user.twoFactorEnabled === true,
      expiresAt: endOfSession(found.session),
      authenticatedAt: found.session.authenticatedAt,
      sessionId: found.session.id,
      token: found.session.token,
    }
  }

  async function readNew(setCookie: string): Promise<Begun | null> {
    const signedIn = await read(new Headers({ cookie: setCookie.split(';', 1)[0]! }))
    return signedIn && { signedIn, setCookie }
  }

  /** The same session under another token: the old one is worth nothing from here on. Null when it is worth nothing already. */
  async function renew(request: FastifyRequest): Promise<Begun | null> {
    try {
      const reply = await auth.api.renewSession({ headers: headersOf(request), returnHeaders: true })
      return await readNew(cookieIn(reply.headers))
    } catch (error) {
      // The same form, sent twice: the session goes on under the token that the other one made.
      if (isAPIError(error) && error.statusCode === 401) return null
      throw error
    }
  }

  async function end(token: string): Promise<void> {
    await db.delete(sessions).where(eq(sessions.token, token))
  }

  /** Whoever has taken the first step of two, with what works no more, is no further than before it. */
  async function endFirstSteps(userId: string, on = db): Promise<void> {
    const theirs = and(eq(verifications.value, userId), like(verifications.identifier, '2fa-%'))
    await on.delete(verifications).where(theirs)
  }

  /** Forgets the sessions that ended by themselves. */
  async function sweep(): Promise<void> {
    const now = Date.now()
    const isOver = or(lte(sessions.expiresAt, new Date(now)), lte(sessions.updatedAt, new Date(now - idleMs)))
    await db.delete(sessions).where(isOver)
  }

  /** From here on the new session counts, and that of the cookie which came along no more. */
  async function takeOver(headers: Headers, setCookie: string): Promise<Begun | null> {
    const before = await auth.api.getSession({ headers })
    if (before !== null) await end(before.session.token)
    await sweep()
    return readNew(setCookie)
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
      const signedIn = await signIn(auth, person, headers)
      if (signedIn === null) return { ok: false, reason: 'invalid_credentials' }
      if ('challenge' in signedIn) {
        return { ok: false, reason: 'second_factor_required', setCookie: signedIn.challenge }
      }
      const begun = await takeOver(headers, signedIn.session)
      if (begun === null) return { ok: false, reason: 'no_workspace' }
      if ((await passwordHashOf(db, person.email)) !== passwordBefore) {
        await end(begun.signedIn.token)
        return { ok: false, reason: 'invalid_credentials' }
      }
      return { ok: true, ...begun }
    },

    /** Begins a new session for somebody who has proved who they are without a password. */
    async beginFor(
      request: FastifyRequest,
      userId: string,
    ): Promise<Exclude<BeginResult, { reason: 'invalid_credentials' }>> {
      const headers = headersOf(request)
      const reply = await auth.api.beginSession({ body: { userId }, headers, returnHeaders: true })
      const challenge = findCookie(reply.headers, challengeCookieName)
      if (challenge !== undefined) {
        return { ok: false, reason: 'second_factor_required', setCookie: challenge }
      }
      const begun = await takeOver(headers, cookieIn(reply.headers))
      return begun === null ? { ok: false, reason: 'no_workspace' } : { ok: true, ...begun }
    },

    /** The second step, for whoever has a second factor. Five wrong codes end the first step too. */
    async finish(
      request: FastifyRequest,
      { code, method }: { code: string; method: FactorMethod },
    ): Promise<FinishResult> {
      // Without the cookie of a session: the code is about the person who signs in, whoever sat here before.
      const options = {
        body: { code },
        headers: headersOf(request, challengeCookieName),
        returnHeaders: true,
      } as const
      let setCookie: string
      try {
        const reply =
          method === 'app' ? await auth.api.verifyTOTP(options) : await auth.api.verifyBackupCode(options)
        setCookie = cookieIn(reply.headers)
      } catch (error) {
        return { ok: false, reason: refusedCode(refusalOf(error)) }
      }
      const begun = await takeOver(headersOf(request), setCookie)
      if (begun === null) return { ok: false, reason: 'no_workspace' }
      const { user, token } = begun.signedIn
      if (method === 'app' && !(await useCode(db, user.id, code))) {
        await end(token)
        return { ok: false, reason: 'sign_in_again' }
      }
      return { ok: true, ...begun }
    },

    readNew,

    takeOver,

    end,

    endFirstSteps,

    async endAll(userId: string): Promise<void> {
      await db.delete(sessions).where(eq(sessions.userId, userId))
    },

    async endOthers({ user, sessionId }: SignedIn, on = db): Promise<void> {
      await on.delete(sessions).where(and(eq(sessions.userId, user.id), ne(sessions.id, sessionId)))
    },

    /** False where the person has no such session. */
    async endOne(userId: string, id: string): Promise<boolean> {
      const theirs = and(eq(sessions.userId, userId), eq(sessions.id, id))
      const ended = await db.delete(sessions).where(theirs).returning({ id: sessions.id })
      return ended.length > 0
    },

    /** The person's live sessions, the last used first. */
    async list(userId: string): Promise<LiveSession[]> {
      const rows = await db
        .select({
          id: sessions.id,
          userAgent: sessions.userAgent,
          address: sessions.ipAddress,
          createdAt: sessions.createdAt,
          updatedAt: sessions.updatedAt,
          expiresAt: sessions.expiresAt,
        })
        .from(sessions)
        .where(eq(sessions.userId, userId))
        .orderBy(desc(sessions.updatedAt), desc(sessions.id))
      return rows
        .map(({ updatedAt, ...row }) => ({
          ...row,
          lastUsedAt: updatedAt,
          expiresAt: endOfSession({ ...row, updatedAt }),
        }))
        .filter(({ expiresAt }) => expiresAt.getTime() > Date.now())
    },

    renew,

    /** The same session in another workspace, under another token. Null for a workspace that the person is not in. */
    async switchWorkspace(request: FastifyRequest, workspaceId: string): Promise<Begun | null> {
      const known = await listMemberships(db, request.signedIn!.user.id)
      if (!known.some(({ workspace }) => workspace.id === workspaceId)) return null
      const body = { organizationId: workspaceId }
      await auth.api.setActiveOrganization({ body, headers: headersOf(request) })
      return renew(request)
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
        await endFirstSteps(request.signedIn!.user.id)
        return await readNew(cookieIn(reply.headers))
      } catch (error) {
        // Whoever signs in by an OpenID provider alone has none that could be right.
        const wrong = ['INVALID_PASSWORD', 'CREDENTIAL_ACCOUNT_NOT_FOUND']
        if (isAPIError(error) && wrong.includes(error.body?.code ?? '')) return null
        throw error
      }
    },
  }
}

async function signIn(
  auth: Auth,
  body: { email: string; password: string },
  headers: Headers,
): Promise<{ session: string } | { challenge: string } | null> {
  try {
    const reply = await auth.api.signInEmail({ body, headers, returnHeaders: true })
    const challenge = findCookie(reply.headers, challengeCookieName)
    return challenge === undefined ? { session: cookieIn(reply.headers) } : { challenge }
  } catch (error) {
    if (isAPIError(error) && error.statusCode >= 400 && error.statusCode < 500) return null
    throw error
  }
}

function refusedCode(code: string): 'wrong_code' | 'sign_in_again' | 'second_factor_locked' {
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED') return 'second_factor_locked'
  return code === 'INVALID_CODE' || code === 'INVALID_BACKUP_CODE' ? 'wrong_code' : 'sign_in_again'
}

/** What better-auth may know of a request: nothing else that a client sends reaches it. With a name, that cookie alone. */
export function headersOf(request: FastifyRequest, cookieName?: string): Headers {
  const all = request.headers.cookie ?? ''
  const one = all.split(/; */).find((pair) => pair.startsWith(`${cookieName}=`))
  return new Headers({
    cookie: cookieName === undefined ? all : (one ?? ''),
    'user-agent': request.headers['user-agent'] ?? '',
    [clientAddressHeader]: request.ip,
  })
}

/** The `Set-Cookie` that gives a cookie a value. */
export function findCookie(headers: Headers, name: string): string | undefined {
  return headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}=;`))
}

export function cookieIn(headers: Headers): string {
  const cookie = findCookie(headers, sessionCookieName)
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

/** A person's memberships with a role that we know, the oldest first. */
async function listMemberships(
  db: AppDatabase,
  userId: string,
): Promise<Pick<SignedIn, 'workspace' | 'role'>[]> {
  const rows = await db
    .select({ workspace: { id: workspaces.id, name: workspaces.name }, role: members.role })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.organizationId))
    .where(eq(members.userId, userId))
    .orderBy(asc(members.createdAt), asc(members.id))
  return rows.flatMap(({ workspace, role: text }) => {
    const role = parseRole(text)
    return role ? [{ workspace, role }] : []
  })
}
