import { and, eq, gt, lt } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import type { OpenIdChecks } from './openid-provider.ts'
import { verifications } from './tables.ts'
import { generateToken, hashToken } from './token.ts'

/** How long a person has at the provider. */
export const attemptSeconds = 10 * 60

/** What somebody went to the provider for. */
export type OpenIdPurpose =
  | { kind: 'sign-in' }
  /** To make an account by an invitation, whose token the browser has shown. */
  | { kind: 'invitation'; invitationId: string }
  /** To connect the provider with the account in which they are signed in. */
  | { kind: 'connect'; userId: string }

export interface OpenIdAttempt {
  purpose: OpenIdPurpose
  checks: OpenIdChecks
}

export type OpenIdAttempts = ReturnType<typeof createOpenIdAttempts>

/**
 * Sign-ins that are under way at the provider. One is found by the state that comes back and by the cookie of the browser
 * that began it, both or not at all, so nobody is made to finish what another browser began; and it is used up by that.
 */
export function createOpenIdAttempts(db: AppDatabase) {
  const isOne = eq(verifications.identifier, 'openid')

  return {
    /** Keeps an attempt; what the browser has to show at its end, beside the state. */
    async keep(state: string, attempt: OpenIdAttempt): Promise<string> {
      const [now, browser] = [Date.now(), generateToken()]
      const expiresAt = new Date(now + attemptSeconds * 1000)
      await db.delete(verifications).where(and(isOne, lt(verifications.expiresAt, new Date(now))))
      await db
        .insert(verifications)
        .values({ id: idOf(state, browser), identifier: 'openid', value: JSON.stringify(attempt), expiresAt })
      return browser
    },

    /** Once; null for what was not begun in this browser, is too old or was used. */
    async use(state: string, browser: string): Promise<OpenIdAttempt | null> {
      const its = and(isOne, eq(verifications.id, idOf(state, browser)))
      const [used] = await db
        .delete(verifications)
        .where(and(its, gt(verifications.expiresAt, new Date())))
        .returning({ value: verifications.value })
      return used ? (JSON.parse(used.value) as OpenIdAttempt) : null
    },
  }
}

/** Neither of the two stands in the database. */
function idOf(state: string, browser: string): string {
  return `openid_${hashToken(`${state} ${browser}`)}`
}
