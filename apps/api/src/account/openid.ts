import { and, eq } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import { generateId } from '../id.ts'
import type { Invitations } from './invitations.ts'
import type { OpenIdAttempts, OpenIdPurpose } from './openid-attempts.ts'
import type { OpenIdAnswer, OpenIdIdentity, OpenIdProvider } from './openid-provider.ts'
import type { Begun, Sessions } from './sessions.ts'
import { credentials, users } from './tables.ts'
import { generateToken } from './token.ts'
import { countWaysIn } from './ways-in.ts'

type Refused<Reason extends string> = { ok: false; reason: Reason }

/** Where the browser goes now, and what it has to show when it comes back. */
type Sent = { ok: true; location: string; browser: string }

type Finished =
  | ({ ok: true } & Begun)
  | { ok: false; reason: 'second_factor_required'; setCookie: string }
  | Refused<
      | 'openid_expired'
      | 'openid_refused'
      | 'openid_unavailable'
      | 'openid_unverified'
      | 'openid_unknown'
      | 'openid_not_connected'
      | 'openid_other_email'
      | 'openid_connected'
      | 'invalid_invitation'
      | 'other_recipient'
      | 'account_exists'
      | 'no_workspace'
      | 'unauthenticated'
    >

interface OpenIdParts {
  db: AppDatabase
  sessions: Sessions
  invitations: Invitations
  provider: OpenIdProvider
  attempts: OpenIdAttempts
}

export type OpenId = ReturnType<typeof createOpenId>

/**
 * Sign-in by an OpenID provider. Who somebody is, issuer and subject decide, once they are connected with an account;
 * the e-mail address never does. They are connected by whoever has just shown who they are, or when an invitation
 * makes the account. So nobody comes in by having an address at the provider that somebody else has here.
 */
export function createOpenId({ db, sessions, invitations, provider, attempts }: OpenIdParts) {
  const isOurs = eq(credentials.providerId, provider.issuer)

  async function send(request: FastifyRequest, purpose: OpenIdPurpose) {
    const state = generateToken()
    const begun = await provider.begin(state)
    if (!begun.ok) return refuseLoudly(request, 'openid_unavailable', begun.cause)
    const browser = await attempts.keep(state, { purpose, checks: begun.checks })
    return { ok: true, location: begun.location.href, browser } satisfies Sent
  }

  async function ownerOf({ subject }: OpenIdIdentity): Promise<string | null> {
    const its = and(isOurs, eq(credentials.accountId, subject))
    const [row] = await db.select({ userId: credentials.userId }).from(credentials).where(its)
    return row?.userId ?? null
  }

  async function hasAccount(email: string): Promise<boolean> {
    return (await db.select({ id: users.id }).from(users).where(eq(users.email, email))).length > 0
  }

  /** What was begun with what is disconnected meanwhile would outlive that, which has ended everything else by then. */
  async function begin(request: FastifyRequest, userId: string, identity: OpenIdIdentity): Promise<Finished> {
    const begun = await sessions.beginFor(request, userId)
    if ((await ownerOf(identity)) === userId) return begun
    await (begun.ok ? sessions.end(begun.signedIn.token) : sessions.endFirstSteps(userId))
    return { ok: false, reason: 'openid_unknown' }
  }

  async function connect(
    request: FastifyRequest,
    userId: string,
    identity: OpenIdIdentity,
  ): Promise<Finished> {
    const signedIn = await sessions.read(request)
    if (signedIn?.user.id !== userId) return { ok: false, reason: 'openid_expired' }
    if (identity.email !== signedIn.user.email) return { ok: false, reason: 'openid_other_email' }
    const connected = await db.transaction(async (tx) => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update')
      const before = await tx
        .select({ id: credentials.id })
        .from(credentials)
        .where(and(isOurs, eq(credentials.userId, userId)))
      if (before.length > 0) return false
      const { issuer: providerId, subject: accountId } = identity
      const made = await tx
        .insert(credentials)
        .values({ id: generateId('credential'), providerId, accountId, userId })
        .onConflictDoNothing()
        .returning({ id: credentials.id })
      if (made.length === 0) return false
      await sessions.endOthers(signedIn, tx)
      return true
    })
    if (!connected) return { ok: false, reason: 'openid_connected' }
    return renew(request)
  }

  /** Another way to sign in is another right of the session. */
  async function renew(
    request: FastifyRequest,
  ): Promise<({ ok: true } & Begun) | Refused<'unauthenticated'>> {
    const begun = await sessions.renew(request)
    return begun === null ? { ok: false, reason: 'unauthenticated' } : { ok: true, ...begun }
  }

  /** When the person was connected with the provider; null for who is not. */
  async function connectedAt(userId: string): Promise<Date | null> {
    const [connected] = await db
      .select({ createdAt: credentials.createdAt })
      .from(credentials)
      .where(and(isOurs, eq(credentials.userId, userId)))
    return connected?.createdAt ?? null
  }

  return {
    connectedAt,

    /** With the token of an invitation, to make an account by it; else for whoever is connected already. */
    async begin(
      request: FastifyRequest,
      token: string | undefined,
    ): Promise<Sent | Refused<'openid_unavailable' | 'invalid_invitation'>> {
      if (token === undefined) return send(request, { kind: 'sign-in' })
      const invitation = await invitations.read(token)
      if (invitation === null) return { ok: false, reason: 'invalid_invitation' }
      return send(request, { kind: 'invitation', invitationId: invitation.id })
    },

    async beginConnecting(
      request: FastifyRequest,
    ): Promise<Sent | Refused<'openid_unavailable' | 'openid_connected'>> {
      const { id: userId } = request.signedIn!.user
      if ((await connectedAt(userId)) !== null) return { ok: false, reason: 'openid_connected' }
      return send(request, { kind: 'connect', userId })
    },

    /** Ends what this browser began. Of somebody with a second factor its code is asked for as after a password. */
    async finish(request: FastifyRequest, answer: OpenIdAnswer, browser: string | null): Promise<Finished> {
      const attempt = browser === null ? null : await attempts.use(answer.state, browser)
      if (attempt === null) return { ok: false, reason: 'openid_expired' }
      const { purpose, checks } = attempt
      const asked = await provider.finish(answer, checks)
      if (!asked.ok) return refuseLoudly(request, asked.reason, asked.cause)
      const { identity } = asked
      if (purpose.kind === 'connect') return connect(request, purpose.userId, identity)
      const owner = await ownerOf(identity)
      if (owner !== null) return begin(request, owner, identity)
      if (identity.email === null) return { ok: false, reason: 'openid_unverified' }
      if (purpose.kind === 'invitation') {
        const accepted = await invitations.acceptAs(purpose.invitationId, identity)
        return accepted.ok ? begin(request, accepted.userId, identity) : accepted
      }
      const isKnown = await hasAccount(identity.email)
      return { ok: false, reason: isKnown ? 'openid_not_connected' : 'openid_unknown' }
    },

    /** Refused to whoever could not sign in any more. All other sessions end with it, and sign-ins half-way. */
    async disconnect(
      request: FastifyRequest,
    ): Promise<({ ok: true } & Begun) | Refused<'last_way_in' | 'unauthenticated'>> {
      const signedIn = request.signedIn!
      const { id: userId } = signedIn.user
      const isOnly = await db.transaction(async (tx) => {
        const waysIn = await countWaysIn(tx, userId, provider.issuer)
        const its = and(isOurs, eq(credentials.userId, userId))
        const connected = await tx.select({ id: credentials.id }).from(credentials).where(its)
        if (connected.length > 0 && waysIn === 1) return true
        await tx.delete(credentials).where(its)
        await sessions.endOthers(signedIn, tx)
        await sessions.endFirstSteps(userId, tx)
        return false
      })
      return isOnly ? { ok: false, reason: 'last_way_in' } : renew(request)
    },
  }
}

/** What the provider did wrong is for whoever runs this; nothing that it sent is told. */
function refuseLoudly<Reason extends string>(
  request: FastifyRequest,
  reason: Reason,
  cause: string,
): Refused<Reason> {
  request.log.warn({ source: 'openid', reason, cause }, 'The OpenID provider confirmed nobody')
  return { ok: false, reason }
}
