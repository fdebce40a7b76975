import { eq } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import type { Auth } from './auth.ts'
import type { PasskeyAssertion } from './passkey-schemas.ts'
import type { Passkeys } from './passkeys.ts'
import { refusalOf } from './refusal.ts'
import { headersOf, type Begun, type Sessions } from './sessions.ts'
import { sessions as sessionTable } from './tables.ts'
import { hasPassword } from './ways-in.ts'

type Result<Reason extends string> = ({ ok: true } & Begun) | { ok: false; reason: Reason }

export type Reauthentication = ReturnType<typeof createReauthentication>

/**
 * How somebody who is signed in proves once more who they are, before they do what a session alone is not enough for.
 * The session goes on under another token, in the same workspace.
 */
export function createReauthentication(db: AppDatabase, auth: Auth, sessions: Sessions, passkeys: Passkeys) {
  return {
    /** Whether a person can prove it by a password. */
    hasPassword: (userId: string) => hasPassword(db, userId),

    async withPassword(
      request: FastifyRequest,
      password: string,
    ): Promise<Result<'wrong_password' | 'unauthenticated'>> {
      try {
        await auth.api.verifyPassword({ body: { password }, headers: headersOf(request) })
      } catch (error) {
        refusalOf(error)
        return { ok: false, reason: 'wrong_password' }
      }
      const { sessionId } = request.signedIn!
      // Before the token changes: should this fail, the old one goes on.
      await db.update(sessionTable).set({ authenticatedAt: new Date() }).where(eq(sessionTable.id, sessionId))
      const renewed = await sessions.renew(request)
      return renewed === null ? { ok: false, reason: 'unauthenticated' } : { ok: true, ...renewed }
    },

    async withPasskey(
      request: FastifyRequest,
      credential: PasskeyAssertion,
    ): Promise<Result<'invalid_passkey' | 'no_workspace'>> {
      const { user, workspace } = request.signedIn!
      if ((await passkeys.ownerOf(credential.id)) !== user.id) return { ok: false, reason: 'invalid_passkey' }
      const begun = await passkeys.signIn(request, credential)
      if (!begun.ok) return begun
      await db
        .update(sessionTable)
        .set({ activeOrganizationId: workspace.id })
        .where(eq(sessionTable.id, begun.signedIn.sessionId))
      const here = await sessions.readNew(begun.setCookie)
      return here === null ? { ok: false, reason: 'no_workspace' } : { ok: true, ...here }
    },
  }
}
