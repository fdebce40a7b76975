import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'

export const beginSessionPath = '/begin-session'

/**
 * Begins a session for somebody who has proved who they are without a password. As after a password, there is none yet
 * for a person with a second factor: see auth.ts.
 */
export const beginSession = {
  id: 'begin-session',
  endpoints: {
    beginSession: createAuthEndpoint(
      beginSessionPath,
      {
        method: 'POST',
        requireHeaders: true,
        // Whoever may call it names anybody, so no router may ever offer it.
        metadata: { SERVER_ONLY: true, $Infer: { body: {} as { userId: string } } },
      },
      async (ctx) => {
        const { userId } = ctx.body
        const user = await ctx.context.internalAdapter.findUserById(userId)
        if (user === null) throw ctx.error('UNAUTHORIZED')
        const session = await ctx.context.internalAdapter.createSession(user.id)
        await setSessionCookie(ctx, { session, user })
      },
    ),
  },
} satisfies BetterAuthPlugin
