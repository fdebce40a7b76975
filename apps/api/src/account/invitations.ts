import { and, desc, eq, gt } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import { isLine, tidy } from '../text-schema.ts'
import type { Auth } from './auth.ts'
import { createPerson, type Proof } from './create-account.ts'
import { whileWorkspaceIsLocked } from './lock-workspace.ts'
import type { OpenIdIdentity } from './openid-provider.ts'
import { hashPassword } from './password.ts'
import { refusalOf } from './refusal.ts'
import { parseRole, type Role } from './roles.ts'
import { headersOf, type SignedIn } from './sessions.ts'
import { invitations, members, users, workspaces } from './tables.ts'
import { generateToken } from './token.ts'

export interface InvitationRow {
  id: string
  email: string
  role: Role
  invitedBy: string
  createdAt: Date
  expiresAt: Date
}

/** What whoever holds the link may know of it. */
export interface OpenInvitation {
  id: string
  workspace: { id: string; name: string }
  email: string
  role: Role
  invitedBy: string
  expiresAt: Date
}

export type Invitations = ReturnType<typeof createInvitations>

type Refused<Reason extends string> = { ok: false; reason: Reason }

/**
 * How others come into a workspace: by a link with a token that is shown once, works once, for one e-mail address and
 * a week. It is better-auth's invitation; the token is ours, and of it the database keeps the hash alone.
 */
export function createInvitations(db: AppDatabase, authOn: (db: AppDatabase) => Auth) {
  function isOpen() {
    return and(eq(invitations.status, 'pending'), gt(invitations.expiresAt, new Date()))
  }

  /** By its token, or by its id where the token was shown before. */
  async function findOpen(by: { token: string } | { id: string }): Promise<OpenInvitation | null> {
    const its = 'token' in by ? eq(invitations.token, by.token) : eq(invitations.id, by.id)
    const [row] = await db
      .select({ ...columns, workspace: { id: workspaces.id, name: workspaces.name } })
      .from(invitations)
      .innerJoin(users, eq(users.id, invitations.inviterId))
      .innerJoin(workspaces, eq(workspaces.id, invitations.organizationId))
      .where(and(its, isOpen()))
    const role = parseRole(row?.role ?? '')
    return row && role ? { ...row, role } : null
  }

  async function findUser(email: string): Promise<{ id: string } | null> {
    const [row] = await db.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()))
    return row ?? null
  }

  /** Makes an account of the invitation's address and takes it into the workspace, both or neither. */
  function redeem(
    { id: invitationId, email, role, workspace }: OpenInvitation,
    person: { name: string } & Proof,
  ): Promise<{ ok: true; userId: string } | Refused<'invalid_invitation'>> {
    return whileWorkspaceIsLocked(db, workspace.id, async (tx) => {
      const used = await tx
        .update(invitations)
        .set({ status: 'accepted' })
        .where(and(eq(invitations.id, invitationId), isOpen()))
        .returning({ id: invitations.id })
      if (used.length === 0) return { ok: false, reason: 'invalid_invitation' }
      const { id: userId } = await createPerson(authOn(tx), { ...person, email })
      await authOn(tx).api.addMember({ body: { userId, role, organizationId: workspace.id } })
      return { ok: true, userId }
    })
  }

  return {
    /** The ones that still work, the newest first. */
    async list(workspaceId: string): Promise<InvitationRow[]> {
      const rows = await db
        .select(columns)
        .from(invitations)
        .innerJoin(users, eq(users.id, invitations.inviterId))
        .where(and(eq(invitations.organizationId, workspaceId), isOpen()))
        .orderBy(desc(invitations.createdAt), desc(invitations.id))
      return rows.flatMap((row) => {
        const role = parseRole(row.role ?? '')
        return role ? [{ ...row, role }] : []
      })
    },

    /** The link before it to the same address no longer works. */
    async create(
      request: FastifyRequest,
      { user, workspace }: SignedIn,
      { email, role }: { email: string; role: Role },
    ): Promise<
      | { ok: true; invitation: InvitationRow; token: string }
      | Refused<'forbidden' | 'already_member' | 'limit_reached'>
    > {
      const token = generateToken()
      const body = { email, role, organizationId: workspace.id, token }
      return whileWorkspaceIsLocked(db, workspace.id, async (tx) => {
        try {
          const made = await authOn(tx).api.createInvitation({ body, headers: headersOf(request) })
          const { id, createdAt, expiresAt } = made
          const invitation = { id, email: made.email, role, invitedBy: user.name, createdAt, expiresAt }
          return { ok: true, invitation, token }
        } catch (error) {
          return { ok: false, reason: reasonOf(refusalOf(error)) }
        }
      })
    },

    /** False where there is no such invitation that still works. */
    async revoke(workspaceId: string, id: string): Promise<boolean> {
      const its = and(eq(invitations.organizationId, workspaceId), eq(invitations.id, id), isOpen())
      const revoked = await db
        .update(invitations)
        .set({ status: 'canceled' })
        .where(its)
        .returning({ id: invitations.id })
      return revoked.length > 0
    },

    /** What a token invites to; null for one that does not work (any more). */
    async read(token: string): Promise<(OpenInvitation & { hasAccount: boolean }) | null> {
      const invitation = await findOpen({ token })
      if (invitation === null) return null
      return { ...invitation, hasAccount: (await findUser(invitation.email)) !== null }
    },

    /** Makes an account with a password. */
    async accept(
      token: string,
      person: { name: string; password: string },
    ): Promise<{ ok: true; email: string } | Refused<'invalid_invitation' | 'account_exists'>> {
      const invitation = await findOpen({ token })
      if (invitation === null) return { ok: false, reason: 'invalid_invitation' }
      const { email } = invitation
      if (await findUser(email)) return { ok: false, reason: 'account_exists' }
      // Before the transaction, and after a wrong token was told apart: see set-up.ts.
      const passwordHash = await hashPassword(person.password)
      const redeemed = await redeem(invitation, { name: person.name, passwordHash })
      return redeemed.ok ? { ok: true, email } : redeemed
    },

    /** Makes an account for whom the OpenID provider knows, if it has verified that the invited address is theirs. */
    async acceptAs(
      id: string,
      identity: OpenIdIdentity,
    ): Promise<
      { ok: true; userId: string } | Refused<'invalid_invitation' | 'other_recipient' | 'account_exists'>
    > {
      const invitation = await findOpen({ id })
      if (invitation === null) return { ok: false, reason: 'invalid_invitation' }
      const { email } = invitation
      if (identity.email !== email.toLowerCase()) return { ok: false, reason: 'other_recipient' }
      if (await findUser(email)) return { ok: false, reason: 'account_exists' }
      const name = tidy(identity.name ?? '')
      return redeem(invitation, { name: isLine(name, 100) ? name : email, identity })
    },

    /** Takes a person who is signed in into the workspace; their session is in it from then on. */
    async join(
      request: FastifyRequest,
      { user }: SignedIn,
      token: string,
    ): Promise<{ ok: true } | Refused<'invalid_invitation' | 'other_recipient' | 'already_member'>> {
      const invitation = await findOpen({ token })
      if (invitation === null) return { ok: false, reason: 'invalid_invitation' }
      if (invitation.email.toLowerCase() !== user.email) return { ok: false, reason: 'other_recipient' }
      const { id, workspace } = invitation
      return whileWorkspaceIsLocked(db, workspace.id, async (tx) => {
        const theirs = and(eq(members.organizationId, workspace.id), eq(members.userId, user.id))
        const known = await tx.select({ id: members.id }).from(members).where(theirs)
        if (known.length > 0) return { ok: false, reason: 'already_member' }
        try {
          const body = { invitationId: id }
          await authOn(tx).api.acceptInvitation({ body, headers: headersOf(request) })
          return { ok: true }
        } catch (error) {
          refusalOf(error)
          return { ok: false, reason: 'invalid_invitation' }
        }
      })
    },
  }
}

const columns = {
  id: invitations.id,
  email: invitations.email,
  role: invitations.role,
  invitedBy: users.name,
  createdAt: invitations.createdAt,
  expiresAt: invitations.expiresAt,
}

function reasonOf(code: string): 'forbidden' | 'already_member' | 'limit_reached' {
  if (code === 'USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION') return 'already_member'
  return code === 'INVITATION_LIMIT_REACHED' ? 'limit_reached' : 'forbidden'
}
