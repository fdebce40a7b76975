import { eq } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import type { Auth } from './auth.ts'
import { refusalOf } from './refusal.ts'
import { cookieIn, headersOf, type Begun, type Sessions } from './sessions.ts'
import { secondFactors, users } from './tables.ts'

/** What a person sets their app up with, and keeps for the day on which it is lost. Shown once. */
export interface Enrolment {
  /** `otpauth://`, for a picture that the app reads. */
  uri: string
  /** The same for those who type it. */
  secret: string
  recoveryCodes: string[]
}

type Refused<Reason extends string> = { ok: false; reason: Reason }

export type SecondFactor = ReturnType<typeof createSecondFactor>

/**
 * Codes of an app (TOTP) beside the password, by better-auth's plugin. It is on from the first right code; whatever
 * changes it asks for the password, puts another session in the place of this one, and ends all others.
 */
export function createSecondFactor(db: AppDatabase, auth: Auth, sessions: Sessions) {
  async function afterChange(headers: Headers): Promise<Begun> {
    const begun = await sessions.readNew(cookieIn(headers))
    if (begun === null) throw new Error('The session that better-auth began is not there.')
    await sessions.endOthers(begun.signedIn)
    return begun
  }

  return {
    async read(userId: string): Promise<{ enabled: boolean; pending: boolean; recoveryCodesLeft: number }> {
      const [row] = await db
        .select({ enabled: users.twoFactorEnabled, verified: secondFactors.verified })
        .from(users)
        .leftJoin(secondFactors, eq(secondFactors.userId, users.id))
        .where(eq(users.id, userId))
      const enabled = row?.enabled === true && row.verified === true
      const { backupCodes } = enabled
        ? await auth.api.viewBackupCodes({ body: { userId } })
        : { backupCodes: [] as string[] }
      return { enabled, pending: row?.verified === false, recoveryCodesLeft: backupCodes.length }
    },

    /** Begins, or begins anew what was not confirmed. */
    async begin(
      request: FastifyRequest,
      password: string,
    ): Promise<({ ok: true } & Enrolment) | Refused<'wrong_password' | 'second_factor_exists'>> {
      try {
        const made = await auth.api.enableTwoFactor({
          body: { password, method: 'totp' },
          headers: headersOf(request),
        })
        if (made.method !== 'totp') throw new Error('better-auth set up another kind of factor.')
        const secret = new URL(made.totpURI).searchParams.get('secret') ?? ''
        return { ok: true, uri: made.totpURI, secret, recoveryCodes: made.backupCodes }
      } catch (error) {
        const code = refusalOf(error)
        return {
          ok: false,
          reason: code === 'TOTP_ALREADY_ENABLED' ? 'second_factor_exists' : 'wrong_password',
        }
      }
    },

    async confirm(
      request: FastifyRequest,
      code: string,
    ): Promise<({ ok: true } & Begun) | Refused<'wrong_code' | 'no_second_factor' | 'second_factor_exists'>> {
      const { enabled, pending } = await this.read(request.signedIn!.user.id)
      if (enabled) return { ok: false, reason: 'second_factor_exists' }
      if (!pending) return { ok: false, reason: 'no_second_factor' }
      try {
        const options = { body: { code }, headers: headersOf(request), returnHeaders: true } as const
        const { headers } = await auth.api.verifyTOTP(options)
        return { ok: true, ...(await afterChange(headers)) }
      } catch (error) {
        refusalOf(error)
        return { ok: false, reason: 'wrong_code' }
      }
    },

    /** New recovery codes; those before no longer work. */
    async renewRecoveryCodes(
      request: FastifyRequest,
      password: string,
    ): Promise<{ ok: true; recoveryCodes: string[] } | Refused<'wrong_password' | 'no_second_factor'>> {
      try {
        const options = { body: { password }, headers: headersOf(request) }
        const { backupCodes } = await auth.api.generateBackupCodes(options)
        return { ok: true, recoveryCodes: backupCodes }
      } catch (error) {
        const code = refusalOf(error)
        return {
          ok: false,
          reason: code === 'TWO_FACTOR_NOT_ENABLED' ? 'no_second_factor' : 'wrong_password',
        }
      }
    },

    async remove(
      request: FastifyRequest,
      password: string,
    ): Promise<({ ok: true } & Begun) | Refused<'wrong_password'>> {
      try {
        const options = { body: { password }, headers: headersOf(request), returnHeaders: true } as const
        const { headers } = await auth.api.disableTwoFactor(options)
        return { ok: true, ...(await afterChange(headers)) }
      } catch (error) {
        refusalOf(error)
        return { ok: false, reason: 'wrong_password' }
      }
    },
  }
}
