import { and, desc, eq, gt } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import type { Auth } from './auth.ts'
import { createPerson } from './create-account.ts'
import { whileWorkspaceIsLocked } from './lock-workspace.ts'
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

  async function findOpen(on: AppDatabase, token: string): Promise<OpenInvitation | null> {
    const [row] = await on
      .select({ ...columns, workspace: { id: workspaces.id, name: workspaces.name } })
      .from(invitations)
      .innerJoin(users, eq(users.id, invitations.inviterId))
      .innerJoin(workspaces, eq(workspaces.id, invitations.organizationId))
      .where(and(eq(invitations.token, token), isOpen()))
    const role = parseRole(row?.role ?? '')
    return row && role ? { ...row, role } : null
  }

  async function findUser(on: AppDatabase, email: string): Promise<{ id: string } | null> {
    const [row] = await on.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()))
    return row ?? null
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
      const invitation = await findOpen(db, token)
      if (invitation === null) return null
      return { ...invitation, hasAccount: (await findUser(db, invitation.email)) !== null }
    },

    /** Makes an account of the invitation's address and takes it into the workspace, both or neither. */
    async accept(
      token: string,
      person: { name: string; password: string },
    ): Promise<{ ok: true; email: string } | Refused<'invalid_invitation' | 'account_exists'>> {
      const invitation = await findOpen(db, token)
      if (invitation === null) return { ok: false, reason: 'invalid_invitation' }
      if (await findUser(db, invitation.email)) return { ok: false, reason: 'account_exists' }
      // Before the transaction, and after a wrong token was told apart: see set-up.ts.
      const passwordHash = await hashPassword(person.password)
      return whileWorkspaceIsLocked(db, invitation.workspace.id, async (tx) => {
        const used = await tx
          .update(invitations)
          .set({ status: 'accepted' })
          .where(and(eq(invitations.id, invitation.id), isOpen()))
          .returning({ id: invitations.id })
        if (used.length === 0) return { ok: false, reason: 'invalid_invitation' }
        const { email, role, workspace } = invitation
        const { id } = await createPerson(authOn(tx), { name: person.name, email, passwordHash })
        await authOn(tx).api.addMember({ body: { userId: id, role, organizationId: workspace.id } })
        return { ok: true, email }
      })
    },

    /** Takes a person who is signed in into the workspace; their session is in it from then on. */
    async join(
      request: FastifyRequest,
      { user }: SignedIn,
      token: string,
    ): Promise<{ ok: true } | Refused<'invalid_invitation' | 'other_recipient' | 'already_member'>> {
      const invitation = await findOpen(db, token)
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
