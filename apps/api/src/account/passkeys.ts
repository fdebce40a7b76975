import { isAPIError } from 'better-auth/api'
import { and, asc, eq, lt } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import type { AppDatabase } from '../database/app-database.ts'
import type { Auth } from './auth.ts'
import type { PasskeyAssertion, PasskeyAttestation } from './passkey-schemas.ts'
import { refusalOf } from './refusal.ts'
import { passkeyCookieName } from './session-cookie.ts'
import { cookieIn, findCookie, headersOf, type Begun, type Sessions, type SignedIn } from './sessions.ts'
import { passkeys, verifications } from './tables.ts'
import { countPasskeys, countWaysIn } from './ways-in.ts'

export const maxPasskeys = 20

/** For as long as a challenge is good the browser may wait for its person. */
const timeout = 5 * 60 * 1000

/** A passkey as its person may see it. */
export interface PasskeyRow {
  id: string
  name: string
  backedUp: boolean
  createdAt: Date
  lastUsedAt: Date | null
}

type Refused<Reason extends string> = { ok: false; reason: Reason }

const shown = {
  id: passkeys.id,
  name: passkeys.name,
  backedUp: passkeys.backedUp,
  createdAt: passkeys.createdAt,
  lastUsedAt: passkeys.lastUsedAt,
}

export type Passkeys = ReturnType<typeof createPasskeys>

/**
 * Signing in with what a device or a password manager keeps, by better-auth's plugin. Each challenge is good for five
 * minutes and one answer, from the browser that it was given to, which a cookie tells.
 */
export function createPasskeys(
  db: AppDatabase,
  auth: Auth,
  sessions: Sessions,
  /** Of the OpenID provider by which people may sign in; null when there is none. */
  issuer: string | null,
) {
  const ownPasskey = (userId: string, id: string) => and(eq(passkeys.userId, userId), eq(passkeys.id, id))

  /** Whose passkey it is; null for nobody's. */
  async function ownerOf(credentialId: string): Promise<string | null> {
    const [found] = await db
      .select({ userId: passkeys.userId })
      .from(passkeys)
      .where(eq(passkeys.credentialID, credentialId))
    return found?.userId ?? null
  }

  /** Forgets the challenges that nobody answered in time. */
  async function sweep(): Promise<void> {
    await db.delete(verifications).where(lt(verifications.expiresAt, new Date()))
  }

  return {
    /** The first made first. */
    list(userId: string): Promise<PasskeyRow[]> {
      return db
        .select(shown)
        .from(passkeys)
        .where(eq(passkeys.userId, userId))
        .orderBy(asc(passkeys.createdAt), asc(passkeys.id))
    },

    /** What the browser needs to make a passkey, and the cookie that says so. */
    async beginAdding(request: FastifyRequest) {
      if ((await countPasskeys(db, request.signedIn!.user.id)) >= maxPasskeys) return null
      await sweep()
      const options = { query: {}, headers: headersOf(request), returnHeaders: true } as const
      const { response, headers } = await auth.api.generatePasskeyRegistrationOptions(options)
      return { options: { ...response, timeout }, setCookie: challengeIn(headers) }
    },

    async add(
      request: FastifyRequest,
      { name, credential }: { name: string; credential: PasskeyAttestation },
    ): Promise<{ ok: true; passkey: PasskeyRow } | Refused<'passkey_not_added' | 'too_many_passkeys'>> {
      const userId = request.signedIn!.user.id
      let id: string
      try {
        const body = { name, response: credential }
        id = (await auth.api.verifyPasskeyRegistration({ body, headers: headersOf(request) })).id
      } catch (error) {
        if (!isOddChallenge(error) && !isRefusal(error)) throw error
        return { ok: false, reason: 'passkey_not_added' }
      }
      // Counted afterwards, since several may be added at the same moment.
      const isOneTooMany = (await countPasskeys(db, userId)) > maxPasskeys
      const where = ownPasskey(userId, id)
      const [passkey] = isOneTooMany
        ? await db.delete(passkeys).where(where).returning(shown)
        : await db.select(shown).from(passkeys).where(where)
      if (passkey === undefined || isOneTooMany) return { ok: false, reason: 'too_many_passkeys' }
      return { ok: true, passkey }
    },

    async rename(userId: string, id: string, name: string): Promise<PasskeyRow | null> {
      const [renamed] = await db.update(passkeys).set({ name }).where(ownPasskey(userId, id)).returning(shown)
      return renamed ?? null
    },

    /** Every other session of the person ends as well: one of them may have been begun with it. */
    async remove(signedIn: SignedIn, id: string): Promise<'removed' | 'not_found' | 'last_way_in'> {
      const { user } = signedIn
      return db.transaction(async (tx) => {
        const isOnly = (await countWaysIn(tx, user.id, issuer)) === 1
        const found = await tx.select(shown).from(passkeys).where(ownPasskey(user.id, id))
        if (found.length === 0) return 'not_found'
        if (isOnly) return 'last_way_in'
        await tx.delete(passkeys).where(ownPasskey(user.id, id))
        await sessions.endOthers(signedIn, tx)
        return 'removed'
      })
    },

    /** What the browser needs to ask for a passkey, whoever's it is, and the cookie that says so. */
    async beginSignIn(request: FastifyRequest) {
      await sweep()
      const options = { headers: headersOf(request, passkeyCookieName), returnHeaders: true } as const
      const { response, headers } = await auth.api.generatePasskeyAuthenticationOptions(options)
      return {
        options: { ...response, timeout, userVerification: 'required' },
        setCookie: challengeIn(headers),
      }
    },

    /** Begins a new session, whatever cookie came along; the session of that cookie ends. */
    async signIn(
      request: FastifyRequest,
      credential: PasskeyAssertion,
    ): Promise<({ ok: true } & Begun) | Refused<'invalid_passkey' | 'no_workspace'>> {
      let setCookie: string
      try {
        const headers = headersOf(request, passkeyCookieName)
        const options = { body: { response: credential }, headers, returnHeaders: true } as const
        setCookie = cookieIn((await auth.api.verifyPasskeyAuthentication(options)).headers)
      } catch (error) {
        if (!isOddChallenge(error)) refusalOf(error)
        return { ok: false, reason: 'invalid_passkey' }
      }
      const begun = await sessions.takeOver(headersOf(request), setCookie)
      if (begun === null) return { ok: false, reason: 'no_workspace' }
      // One that was removed meanwhile has ended all other sessions by now; this one would outlive that.
      if ((await ownerOf(credential.id)) !== null) return { ok: true, ...begun }
      await sessions.end(begun.signedIn.token)
      return { ok: false, reason: 'invalid_passkey' }
    },

    ownerOf,
  }
}

/** Another of our signed cookies under this one's name: what stands behind it is no challenge, and the plugin cannot read it. */
const isOddChallenge = (error: unknown): boolean => error instanceof SyntaxError

/** Whether a new passkey was refused. One that does not fit the challenge the plugin tells like a failure of its own. */
function isRefusal(error: unknown): boolean {
  if (!isAPIError(error)) return false
  return error.statusCode < 500 || error.body?.code === 'FAILED_TO_VERIFY_REGISTRATION'
}

function challengeIn(headers: Headers): string {
  const cookie = findCookie(headers, passkeyCookieName)
  if (cookie === undefined) throw new Error('better-auth made a challenge and sent no cookie for it.')
  return cookie
}
