import { passkey } from '@better-auth/passkey'
import { APIError } from 'better-auth/api'
import { eq } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { passkeyCookieName } from './session-cookie.ts'
import { passkeys } from './tables.ts'

/**
 * better-auth's passkeys, with what we ask of them beyond its own checks: that the device knew its person, by a PIN or a
 * finger. So a passkey is two factors in one, what somebody has and what they know or are. Address and name of the site
 * come from the configuration, never from a request.
 */
export function passkeyPlugin(db: AppDatabase, dashboardUrl: URL) {
  return passkey({
    rpName: 'Latchkey',
    rpID: dashboardUrl.hostname,
    origin: dashboardUrl.origin,
    // Kept by the device under the site's name, so that nobody has to say who they are first.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    advanced: { webAuthnChallengeCookie: passkeyCookieName },
    registration: {
      async afterVerification({ verification: { registrationInfo } }) {
        if (registrationInfo?.userVerified !== true) throw refused()
        const { id } = registrationInfo.credential
        const taken = await orUnavailable(
          db.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.credentialID, id)),
        )
        if (taken.length > 0) throw refused()
      },
    },
    authentication: {
      async afterVerification({ verification: { authenticationInfo } }) {
        if (!authenticationInfo.userVerified) throw refused()
        const { credentialID, credentialBackedUp } = authenticationInfo
        const used = { lastUsedAt: new Date(), backedUp: credentialBackedUp }
        await orUnavailable(db.update(passkeys).set(used).where(eq(passkeys.credentialID, credentialID)))
      },
    },
  })
}

const refused = () => new APIError('FORBIDDEN', { code: 'REFUSED' })

/** The plugin takes whatever is thrown here for a wrong passkey, unless it is an error of better-auth's own. */
async function orUnavailable<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch {
    throw new APIError('SERVICE_UNAVAILABLE')
  }
}
