import { and, asc, eq } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import type { Auth } from './auth.ts'
import { whileWorkspaceIsLocked } from './lock-workspace.ts'
import { refusalOf } from './refusal.ts'
import { parseRole, type Role } from './roles.ts'
import { headersOf, type SignedIn } from './sessions.ts'
import { invitations, members, sessions, users } from './tables.ts'

export interface MemberRow {
  id: string
  userId: string
  name: string
  email: string
  role: Role
  createdAt: Date
}

export type Members = ReturnType<typeof createMembers>

type Refusal = { ok: false; reason: 'not_found' | 'forbidden' | 'last_owner' }

/**
 * Who is in a workspace, and as what. better-auth's organization plugin decides who may change whom. Whoever is given
 * another role has to sign in anew, and nobody joins by an invitation of somebody who may no longer invite.
 */
export function createMembers(db: AppDatabase, authOn: (db: AppDatabase) => Auth) {
  const inWorkspace = (workspaceId: string, memberId: string) =>
    and(eq(members.organizationId, workspaceId), eq(members.id, memberId))

  async function find(on: AppDatabase, workspaceId: string, memberId: string): Promise<MemberRow | null> {
    const [row] = await selectMembers(on).where(inWorkspace(workspaceId, memberId))
    return row ? toMember(row) : null
  }

  /** What a person could do with the rights that they lose is over: their sessions, and the links they gave away. */
  async function endRights(tx: AppDatabase, workspaceId: string, { userId }: MemberRow, self: boolean) {
    if (!self) await tx.delete(sessions).where(eq(sessions.userId, userId))
    const theirs = and(
      eq(invitations.organizationId, workspaceId),
      eq(invitations.inviterId, userId),
      eq(invitations.status, 'pending'),
    )
    await tx.update(invitations).set({ status: 'canceled' }).where(theirs)
  }

  return {
    async list(workspaceId: string): Promise<MemberRow[]> {
      const rows = await selectMembers(db)
        .where(eq(members.organizationId, workspaceId))
        .orderBy(asc(members.createdAt), asc(members.id))
      return rows.map(toMember)
    },

    find: (workspaceId: string, memberId: string) => find(db, workspaceId, memberId),

    /** `isSelf` tells that whoever asks changed their own role: then their session is to be renewed. */
    changeRole(
      request: FastifyRequest,
      { user, workspace }: SignedIn,
      memberId: string,
      role: Role,
    ): Promise<{ ok: true; member: MemberRow; isSelf: boolean } | Refusal> {
      return whileWorkspaceIsLocked(db, workspace.id, async (tx) => {
        const before = await find(tx, workspace.id, memberId)
        if (before === null) return { ok: false, reason: 'not_found' }
        const body = { memberId, role, organizationId: workspace.id }
        try {
          await authOn(tx).api.updateMemberRole({ body, headers: headersOf(request) })
        } catch (error) {
          return { ok: false, reason: reasonOf(refusalOf(error)) }
        }
        const isSelf = before.userId === user.id
        if (before.role !== role) await endRights(tx, workspace.id, before, isSelf)
        return { ok: true, member: { ...before, role }, isSelf }
      })
    },

    /** Anybody may leave. Keys belong to the workspace, so those that the person made stay as they are. */
    remove(
      request: FastifyRequest,
      { user, workspace, role }: SignedIn,
      memberId: string,
    ): Promise<{ ok: true } | Refusal> {
      return whileWorkspaceIsLocked(db, workspace.id, async (tx) => {
        const member = await find(tx, workspace.id, memberId)
        if (member === null) return { ok: false, reason: 'not_found' }
        if (member.role === 'owner' && role !== 'owner') return { ok: false, reason: 'forbidden' }
        const { api } = authOn(tx)
        const [headers, organizationId] = [headersOf(request), workspace.id]
        try {
          if (member.userId === user.id) await api.leaveOrganization({ body: { organizationId }, headers })
          else await api.removeMember({ body: { memberIdOrEmail: memberId, organizationId }, headers })
        } catch (error) {
          return { ok: false, reason: reasonOf(refusalOf(error)) }
        }
        await endRights(tx, workspace.id, member, false)
        return { ok: true }
      })
    },
  }
}

function selectMembers(on: AppDatabase) {
  return on
    .select({
      id: members.id,
      userId: members.userId,
      name: users.name,
      email: users.email,
      role: members.role,
      createdAt: members.createdAt,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .$dynamic()
}

/** A role that we do not know gives no rights at all; the least of ours is shown for it, so that it can be mended. */
function toMember(row: Omit<MemberRow, 'role'> & { role: string }): MemberRow {
  return { ...row, role: parseRole(row.role) ?? 'viewer' }
}

function reasonOf(code: string): Refusal['reason'] {
  if (code.startsWith('YOU_CANNOT_LEAVE_THE_ORGANIZATION')) return 'last_owner'
  return code === 'MEMBER_NOT_FOUND' ? 'not_found' : 'forbidden'
}
