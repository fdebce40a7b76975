import type { ApiKey } from './key.ts'
import { RESERVED_SCOPES, type ReservedScope } from './reserved-scopes.ts'
import { isCollective, type ScopeCatalog } from './scopes.ts'
import type { Environment } from './secret.ts'

/**
 * How far a key may reach that somebody creates or changes, so that nobody hands out more than they have. It comes
 * from who they are, never from a request's body. Where there is none, as in the host's own code, nothing is bounded.
 */
export interface Grant {
  /** The scopes that may be handed out; null for all but `latchkey:verify`, which reaches beyond one owner. */
  readonly scopes: readonly string[] | null
  /** Of Latchkey's own scopes, those that may not be handed out in any case. */
  readonly withheld?: readonly ReservedScope[]
  /** No key may work longer than this; null when keys may live for ever. */
  readonly expiresAt: Date | null
  /** The only environment whose keys may be touched; null for both. */
  readonly environment: Environment | null
  /** Whether the policy of the owner bounds them less than others. So it is when left out. */
  readonly isAdmin?: boolean
  /**
   * Whether they have lately shown who they are, without which keys with one of Latchkey's own scopes are left alone.
   * So it is when left out.
   */
  readonly isProven?: boolean
}

/** Somebody would hand out more than they may. The message is for them. */
export interface BeyondGrant {
  ok: false
  reason: 'beyond_grant'
  message: string
}

/** Whoever asked has to show first who they are; the same request is good after that. */
export interface Unproven {
  ok: false
  reason: 'unproven'
}

/** Why a grant does not suffice. */
export type GrantRefusal = BeyondGrant | Unproven

/** Not even a person who may hand out everything else hands this out. */
const UNGRANTED: ReservedScope = 'latchkey:verify'

/** Judges a key as it would be. Whoever changes it answers for all of it, not only for what they changed. */
export function checkGrant(
  catalog: ScopeCatalog,
  grant: Grant | undefined,
  key: Pick<ApiKey, 'scopes' | 'expiresAt' | 'environment'>,
): GrantRefusal | null {
  if (grant === undefined) return null
  const { scopes, withheld = [], expiresAt } = grant
  const isWithheld = (scope: string) => (withheld as readonly string[]).includes(scope)
  const excess =
    scopes === null
      ? key.scopes.filter((scope) => scope === UNGRANTED || isWithheld(scope))
      : beyondNames(
          catalog,
          scopes.filter((scope) => !isWithheld(scope)),
          key.scopes,
        )
  if (excess.length > 0) {
    return beyond(
      `You may not hand out: ${excess.join(', ')}. A key that holds more than you can only be disabled or deleted by you.`,
    )
  }
  if (expiresAt !== null && (key.expiresAt === null || key.expiresAt > expiresAt)) {
    return beyond(
      `The key must expire no later than you do: send an expiresAt up to ${expiresAt.toISOString()}.`,
    )
  }
  return checkReach(grant, key)
}

/** Judges what only takes away, as disabling and revoking: it asks for no scope, but keeps to the environment. */
export function checkReach(
  grant: Grant | undefined,
  key: Pick<ApiKey, 'scopes' | 'environment'>,
): GrantRefusal | null {
  if (grant?.environment && grant.environment !== key.environment) {
    return beyond(`You may only touch ${grant.environment} keys; this is a ${key.environment} key.`)
  }
  return checkProof(grant, key)
}

/** Judges whether a key may be touched by somebody whose sign-in is old, and may be another's by now. */
export function checkProof(grant: Grant | undefined, { scopes }: Pick<ApiKey, 'scopes'>): Unproven | null {
  if (grant?.isProven !== false) return null
  return scopes.some((scope) => Object.hasOwn(RESERVED_SCOPES, scope))
    ? { ok: false, reason: 'unproven' }
    : null
}

/** A decision, unless it goes beyond a grant. What would be refused anyway is refused for its own reason. */
export function withinGrant<Accepted extends { ok: true }, Refusal>(
  beyond: GrantRefusal | null,
  decision: Accepted | { ok: false; refusal: Refusal },
): Accepted | { ok: false; refusal: Refusal | GrantRefusal } {
  return decision.ok && beyond !== null ? { ok: false, refusal: beyond } : decision
}

/** Judges scopes by what their owner may do now; null bounds nothing. */
export function beyondOwner(
  { expand }: ScopeCatalog,
  bound: readonly string[] | null,
  names: readonly string[],
): BeyondGrant | null {
  if (bound === null) return null
  const allowed = new Set(expand(bound))
  const excess = expand(names).filter((scope) => !allowed.has(scope))
  return excess.length === 0
    ? null
    : beyond(`A key cannot be given a scope that its owner does not have: ${excess.join(', ')}.`)
}

/** What goes beyond some names. A set or a wildcard may contain more tomorrow, so it is within them only as such. */
export function beyondNames(
  { expand }: ScopeCatalog,
  granted: readonly string[],
  names: readonly string[],
): string[] {
  const single = new Set(expand(granted))
  return names.filter((name) => !granted.includes(name) && (isCollective(name) || !single.has(name)))
}

/** Refuses, with a message for whoever asked. */
export function beyond(message: string): BeyondGrant {
  return { ok: false, reason: 'beyond_grant', message }
}
