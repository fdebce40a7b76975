import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  ResponseBodyError,
} from 'openid-client'
import { isEmail } from '../email.ts'
import type { OpenIdOptions } from '../openid-variables.ts'

/** What the answer to a request must fit, besides its state. */
export interface OpenIdChecks {
  nonce: string
  /** PKCE: proves at the provider that whoever brings the code also asked for it. */
  verifier: string
}

/** What the provider sent the browser back with. */
export interface OpenIdAnswer {
  state: string
  code?: string
  error?: string
  iss?: string
}

/** Somebody whom the provider knows. `issuer` and `subject` together never mean anybody else. */
export interface OpenIdIdentity {
  issuer: string
  subject: string
  /** In lower case; null unless the provider has verified it. */
  email: string | null
  name: string | null
}

type Asked =
  | { ok: true; identity: OpenIdIdentity }
  /** Told by nobody but the log: why. */
  | { ok: false; reason: 'openid_refused' | 'openid_unavailable'; cause: string }

export type OpenIdProvider = ReturnType<typeof createOpenIdProvider>

/** A request to the provider may take this long, and all that one of ours asks of it together. */
const requestSeconds = 4
const togetherMs = 7_000

/** For so long is it not asked again where its endpoints are. */
const discoveredMs = 10 * 60 * 1000

/** What the provider said, or passed on, does not prove who somebody is. All other failures are failures of its own. */
const refusals = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
])

/**
 * The protocol (OpenID Connect, authorization code with PKCE), by openid-client: it checks state, nonce, issuer,
 * audience, times and, since it is told to, the signature. Nothing is asked before somebody wants to sign in, so that a
 * provider that is away keeps nobody from signing in otherwise.
 */
export function createOpenIdProvider({ issuer, clientId, clientSecret }: OpenIdOptions, redirectUri: URL) {
  let discovered: { atMs: number; configuration: Promise<Configuration> } | null = null

  function connect(): Promise<Configuration> {
    const now = Date.now()
    if (discovered !== null && now - discovered.atMs < discoveredMs) return discovered.configuration
    const configuration = discovery(issuer, clientId, {}, authenticate(clientSecret), {
      timeout: requestSeconds,
      execute: [
        enableNonRepudiationChecks,
        // The one scheme besides https that the start lets through is http to this machine.
        ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []),
      ],
    })
    const attempt = { atMs: now, configuration }
    discovered = attempt
    configuration.catch(() => {
      if (discovered === attempt) discovered = null
    })
    return configuration
  }

  async function askWho(
    answer: OpenIdAnswer,
    { nonce, verifier }: OpenIdChecks,
  ): Promise<OpenIdIdentity | null> {
    const configuration = await connect()
    const url = new URL(redirectUri)
    for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value as string)
    const tokens = await authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: answer.state,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    // For some providers of many organisations openid-client takes more than one issuer for the same.
    if (claims === undefined || !isSameUrl(claims.iss, issuer)) return null
    // Most providers tell the e-mail address only when they are asked once more; `sub` is compared.
    const isIncomplete = claims['email'] === undefined || claims['email_verified'] === undefined
    const more = isIncomplete && configuration.serverMetadata().userinfo_endpoint !== undefined
    const info = more ? await fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
    const told: Record<string, unknown> = { ...claims, ...info }
    return {
      issuer: issuer.href,
      subject: claims.sub,
      email: told['email_verified'] === true ? readEmail(told['email']) : null,
      name: typeof told['name'] === 'string' ? told['name'] : null,
    }
  }

  return {
    issuer: issuer.href,

    /** Where to send the browser, and what its answer must fit. Null when the provider cannot be asked. */
    async begin(
      state: string,
    ): Promise<{ ok: true; location: URL; checks: OpenIdChecks } | { ok: false; cause: string }> {
      const checks = { nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      try {
        const configuration = await inTime(connect())
        const location = buildAuthorizationUrl(configuration, {
          redirect_uri: redirectUri.href,
          scope: 'openid email profile',
          state,
          nonce: checks.nonce,
          code_challenge: await calculatePKCECodeChallenge(checks.verifier),
          code_challenge_method: 'S256',
        })
        return { ok: true, location, checks }
      } catch (error) {
        return { ok: false, cause: causeOf(error) }
      }
    },

    /** Who somebody is, by what their browser came back with. */
    async finish(answer: OpenIdAnswer, checks: OpenIdChecks): Promise<Asked> {
      try {
        const identity = await inTime(askWho(answer, checks))
        if (identity !== null) return { ok: true, identity }
        return { ok: false, reason: 'openid_refused', cause: 'another issuer' }
      } catch (error) {
        const reason = isRefusal(error) ? 'openid_refused' : 'openid_unavailable'
        return { ok: false, reason, cause: causeOf(error) }
      }
    },
  }
}

/** By the header, as every provider must offer, unless it says that it takes the secret in the body alone. */
function authenticate(secret: string): ClientAuth {
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)]
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const chosen = methods.includes('client_secret_basic') ? basic : post
    chosen(server, ...rest)
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError) return true
  if (error instanceof ResponseBodyError) return error.error === 'invalid_grant'
  return error instanceof ClientError && refusals.has(error.code ?? '')
}

/** By code or kind alone: messages and causes may hold what the provider sent. */
function causeOf(error: unknown): string {
  if (error instanceof ResponseBodyError && /^[a-z_]{1,40}$/.test(error.error)) return error.error
  const { code, name } = error as { code?: unknown; name?: string }
  return typeof code === 'string' ? code : (name ?? 'unknown')
}

/** Plain letters only: others may turn into another address in lower case. */
function readEmail(email: unknown): string | null {
  return typeof email === 'string' && isEmail(email) ? email.toLowerCase() : null
}

function isSameUrl(text: string, url: URL): boolean {
  return URL.canParse(text) && new URL(text).href === url.href
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    AbortSignal.timeout(togetherMs).addEventListener('abort', () => reject(new TookTooLong()))
  })
  return Promise.race([work, late])
}

class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
}
