import type { BetterAuthOptions } from 'better-auth'
import { betterAuth } from 'better-auth/minimal'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { admin } from 'better-auth/plugins/admin'
import { organization } from 'better-auth/plugins/organization'
import type { AppDatabase } from '../database/app-database.ts'
import { generateId } from '../id.ts'
import { operatorRole, platformAccess, platformRoles } from '../operator/platform-roles.ts'
import { askSecondFactor } from './ask-second-factor.ts'
import { beginSession } from './begin-session.ts'
import { passkeyPlugin } from './passkey-plugin.ts'
import { hashPassword, maxPasswordLength, minPasswordLength, verifyPassword } from './password.ts'
import { renewSession } from './renew-session.ts'
import { accessControl, roles } from './roles.ts'
import { challengeCookieName, hostCookie, passkeyCookieName, sessionCookieName } from './session-cookie.ts'
import { absoluteMs, withSessionRules } from './session-rules.ts'
import {
  credentials,
  invitations,
  members,
  passkeys,
  secondFactors,
  sessions,
  users,
  verifications,
  workspaces,
} from './tables.ts'

/** The header in which our own routes tell better-auth who asks; what a client sends under it is never passed on. */
export const clientAddressHeader = 'x-latchkey-client-address'

/** better-auth's names for tables, and ours. */
const schema = {
  user: users,
  session: sessions,
  account: credentials,
  verification: verifications,
  organization: workspaces,
  member: members,
  invitation: invitations,
  twoFactor: secondFactors,
  passkey: passkeys,
}

/** How long a person has for the second step of signing in. */
const challengeSeconds = 5 * 60

/** How long an invitation's link works. */
const invitationSeconds = 7 * 24 * 60 * 60

const idPrefixes: Record<string, string> = {
  account: 'credential',
  organization: 'workspace',
  twoFactor: 'factor',
}

export interface AuthOptions {
  secret: string
  /** Where people open the dashboard: passkeys are made for this address and work at no other. */
  dashboardUrl: URL
  /** Where better-auth's own remarks go. They are told without the values they are about. */
  warn: (message: string) => void
  /** Fills a new workspace, in the transaction that makes it. */
  onWorkspaceCreated: (db: AppDatabase, workspaceId: string) => Promise<void>
}

export type Auth = ReturnType<typeof createAuth>

/**
 * better-auth on this app's tables. Its HTTP handler is mounted nowhere: sign-up, and all else that no route of
 * ours offers, is out of reach from outside.
 */
export function createAuth(db: AppDatabase, { secret, dashboardUrl, warn, onWorkspaceCreated }: AuthOptions) {
  const adapter = drizzleAdapter(db, { provider: 'pg', schema, transaction: true })
  return betterAuth({
    appName: 'Latchkey',
    // Only links and redirects are made from it, and no route of ours uses either.
    baseURL: 'http://localhost',
    secret,
    database: (options: BetterAuthOptions) => withSessionRules(adapter(options)),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength,
      // Ours counts characters, theirs counts code units, of which a character has two at most.
      maxPasswordLength: maxPasswordLength * 2,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    session: {
      expiresIn: absoluteMs / 1000,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
      additionalFields: {
        authenticatedAt: { type: 'date', required: true, input: false, defaultValue: () => new Date() },
      },
    },
    advanced: {
      // The prefix __Host- stands in the name itself; better-auth would put __Secure- before it.
      useSecureCookies: false,
      cookies: {
        session_token: {
          name: sessionCookieName,
          attributes: hostCookie,
        },
        two_factor: { name: challengeCookieName, attributes: hostCookie },
        [passkeyCookieName]: { name: passkeyCookieName, attributes: hostCookie },
      },
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
      database: { generateId: ({ model }) => generateId(idPrefixes[model] ?? model) },
    },
    plugins: [
      organization({
        ac: accessControl,
        roles,
        creatorRole: 'owner',
        allowUserToCreateOrganization: false,
        membershipLimit: 1000,
        invitationExpiresIn: invitationSeconds,
        cancelPendingInvitationsOnReInvite: true,
        // Whoever has the token of an invitation got it from the inviter; that its id is known proves nothing.
        requireEmailVerificationOnInvitation: false,
        schema: {
          invitation: { additionalFields: { token: { type: 'string', required: true, returned: false } } },
        },
        organizationHooks: {
          afterCreateOrganization: ({ organization }) => onWorkspaceCreated(db, organization.id),
        },
      }),
      admin({ ac: platformAccess, roles: platformRoles, adminRoles: [operatorRole] }),
      askSecondFactor({ issuer: 'Latchkey', twoFactorCookieMaxAge: challengeSeconds }),
      beginSession,
      passkeyPlugin(db, dashboardUrl),
      renewSession,
    ],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Errors that come with a message may quote statements and their values, so they are left out.
    logger: { level: 'warn', log: (_level, message) => warn(message) },
  })
}
