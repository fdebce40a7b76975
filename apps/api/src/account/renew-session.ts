import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint, sessionMiddleware } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { generateRandomString } from 'better-auth/crypto'

/**
 * Puts another token in the place of the session's, when the rights that it carries change. What somebody may have
 * of the old one is worth nothing then; when the session began and ends stays as it was.
 */
export const renewSession = {
  id: 'renew-session',
  endpoints: {
    renewSession: createAuthEndpoint(
      '/renew-session',
      { method: 'POST', use: [sessionMiddleware], requireHeaders: true },
      async (ctx) => {
        const { session, user } = ctx.context.session
        const token = generateRandomString(32)
        const renewed = await ctx.context.internalAdapter.updateSession(session.token, { token })
        if (renewed === null) throw ctx.error('UNAUTHORIZED')
        await setSessionCookie(ctx, { session: { ...renewed, token }, user })
      },
    ),
  },
} satisfies BetterAuthPlugin
