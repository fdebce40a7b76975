import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { allChecked, invalid, type Checked, type InvalidInput } from './checked.ts'
import { checkScopes } from './key-input.ts'
import { RESERVED_SCOPES } from './reserved-scopes.ts'
import type { ScopeCatalog } from './scopes.ts'
import { createSigningKeyVault, SIGNING_ALGORITHM } from './signing-key.ts'
import { openSigningKeys, type Jwks, type SigningKeyStore } from './signing-keys.ts'
import { MIN_TOKEN_LIFETIME_SECONDS, type ResolvedTokenOptions } from './token-options.ts'
import type { VerifiedKey } from './verdict.ts'

/** What a token shall be. */
export interface IssueOptions {
  /** What it allows, of what its key may do; all of that when left out. */
  scopes?: readonly string[] | undefined
  /** Which of the audiences it is for; the first when left out. */
  audience?: string | undefined
  /** 30 up to the host's `lifetimeSeconds`, which is meant when left out. It ends no later than its key. */
  lifetimeSeconds?: number | undefined
  /** How long ago the key was verified; 0 when left out. The token begins then, so that it outlives no revocation for longer. */
  ageMs?: number | undefined
}

/** The outcome of {@link Tokens.issue}. */
export type IssueResult =
  | { ok: true; token: string; scopes: readonly string[]; lifetimeSeconds: number }
  | InvalidInput
  /** The scopes that the key lacks. */
  | { ok: false; reason: 'insufficient_scope'; scopes: readonly string[] }
  /** Nothing is left of the key's time, or of the token's, since the key was verified so long ago. */
  | { ok: false; reason: 'expired' | 'too_late' }

/** Tokens that others can verify without asking here: JWTs of minutes, after RFC 9068. */
export interface Tokens {
  /**
   * Issues a token in exchange for a key that was verified just now: whoever verified it has seen to its limits, and
   * that it is good. Verify it without `scopes`, as here: with them a publishable key may be good, which gets no token. Rejects with StoreUnavailable when the database was away for so long that nobody can be sure
   * which key signs.
   *
   * @example
   * const verdict = await latchkey.verify(secret)
   * const issued = verdict.ok && (await latchkey.tokens!.issue(verdict.key, { scopes: ['contacts:read'] }))
   */
  issue(key: VerifiedKey, options?: IssueOptions): Promise<IssueResult>
  /** The public keys by which tokens are verified: those that signed lately, the one that signs, and the next one. */
  jwks(): Promise<Jwks>
}

/** What {@link createTokens} needs from outside. */
export interface TokensOptions {
  settings: ResolvedTokenOptions
  namespace: string
  catalog: ScopeCatalog
  store: SigningKeyStore
  now: () => number
  onError: (error: Error) => void
}

/** Makes what issues the tokens of one namespace. @throws StoreUnavailable when its signing keys cannot be read. */
export async function createTokens(options: TokensOptions): Promise<Tokens & { close(): Promise<void> }> {
  const { settings, namespace, catalog, store, now, onError } = options
  const { issuer, audiences, encryptionKey } = settings
  const vault = createSigningKeyVault(encryptionKey, namespace)
  const signingKeys = await openSigningKeys({ store, vault, now, onError })

  const isDeclared = (scope: string) => Object.hasOwn(catalog.declared, scope)
  /** Latchkey's own scopes, by which keys manage keys, mean nothing to whoever reads a token. */
  const isOwn = (name: string) => Object.hasOwn(RESERVED_SCOPES, name)
  const ofTokens: ScopeCatalog = {
    ...catalog,
    names: catalog.names.filter((name) => !isOwn(name)),
    has: (name) => !isOwn(name) && catalog.has(name),
  }

  function checkIssue({ scopes, audience = audiences[0], lifetimeSeconds }: IssueOptions) {
    return allChecked({
      scopes: checkTokenScopes(scopes),
      audience: checkAudience(audience),
      lifetimeSeconds: checkLifetime(lifetimeSeconds ?? settings.lifetimeSeconds),
    })
  }

  function checkTokenScopes(scopes: readonly string[] | undefined): Checked<readonly string[] | null> {
    if (scopes === undefined) return { ok: true, value: null }
    const checked = checkScopes(scopes, ofTokens)
    return checked.ok ? { ok: true, value: catalog.expand(checked.value) } : checked
  }

  function checkAudience(audience: unknown): Checked<string> {
    return (audiences as readonly unknown[]).includes(audience)
      ? { ok: true, value: audience as string }
      : invalid('audience', `must be among: ${audiences.join(', ')}`)
  }

  function checkLifetime(seconds: number): Checked<number> {
    const max = settings.lifetimeSeconds
    return Number.isInteger(seconds) && seconds >= MIN_TOKEN_LIFETIME_SECONDS && seconds <= max
      ? { ok: true, value: seconds }
      : invalid(
          'lifetimeSeconds',
          `must be a whole number of seconds from ${MIN_TOKEN_LIFETIME_SECONDS} to ${max}`,
        )
  }

  return {
    async issue(key, issueOptions = {}) {
      const checked = checkIssue(issueOptions)
      if (!checked.ok) return checked
      const { audience, lifetimeSeconds: wanted } = checked.value
      const scopes = checked.value.scopes ?? key.scopes.filter(isDeclared)
      const lacking = scopes.filter((scope) => !key.scopes.includes(scope))
      if (lacking.length > 0) return { ok: false, reason: 'insufficient_scope', scopes: lacking }

      const nowMs = now()
      const nowSeconds = Math.floor(nowMs / 1_000)
      const keyEndsAt = Math.floor((key.endsAtMs ?? Infinity) / 1_000)
      if (keyEndsAt <= nowSeconds) return { ok: false, reason: 'expired' }
      const issuedAt = Math.floor((nowMs - (issueOptions.ageMs ?? 0)) / 1_000)
      const expiresAt = Math.min(issuedAt + wanted, keyEndsAt)
      if (expiresAt <= nowSeconds) return { ok: false, reason: 'too_late' }
      const { kid, privateKey } = await signingKeys.signer(nowMs)
      const claims = {
        iss: issuer,
        aud: audience,
        // Nobody but the key acts, so it is the subject and the client (RFC 9068, section 2.2).
        sub: key.id,
        client_id: key.id,
        iat: issuedAt,
        exp: expiresAt,
        jti: randomUUID(),
        scope: scopes.join(' '),
        owner: key.owner,
        environment: key.environment,
      }
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'at+jwt', kid })
        .sign(privateKey)
      return { ok: true, token, scopes, lifetimeSeconds: expiresAt - nowSeconds }
    },
    jwks: () => signingKeys.jwks(now()),
    close: () => signingKeys.close(),
  }
}
