import { invalid, type Checked } from './checked.ts'
import { beyond, beyondNames, type BeyondGrant, type Grant } from './grant.ts'
import { checkScopes } from './key-input.ts'
import type { ApiKey } from './key.ts'
import type { ReservedScope } from './reserved-scopes.ts'
import type { ScopeCatalog } from './scopes.ts'

const LIVE_KEYS_BY = ['everybody', 'admins'] as const

/** Which keys an owner lets people hand out, whatever each of them may do. */
export interface IssuePolicy {
  /** What keys may be given; null: whatever its creator may hand out. */
  readonly scopes: readonly string[] | null
  /** Who gets secrets of live keys; others make test keys. */
  readonly liveKeysBy: (typeof LIVE_KEYS_BY)[number]
}

/** Everybody hands out what they have. */
export const NO_ISSUE_POLICY: IssuePolicy = Object.freeze({ scopes: null, liveKeysBy: 'everybody' })

/** Checks a policy from outside. Built anew, so that nothing unknown is stored along. */
export function checkIssuePolicy(
  { scopes, liveKeysBy }: IssuePolicy,
  catalog: ScopeCatalog,
): Checked<IssuePolicy> {
  if (!LIVE_KEYS_BY.includes(liveKeysBy)) {
    return invalid('liveKeysBy', `must be ${LIVE_KEYS_BY.join(' or ')}`)
  }
  const checked = scopes === null ? { ok: true as const, value: null } : checkScopes(scopes, catalog)
  return checked.ok ? { ok: true, value: { scopes: checked.value, liveKeysBy } } : checked
}

/** Judges the scopes that a key is given. Those that it has already stay its own. */
export function beyondIssuedScopes(
  catalog: ScopeCatalog,
  { scopes }: IssuePolicy,
  names: readonly string[],
): BeyondGrant | null {
  const excess = scopes === null ? [] : beyondNames(catalog, scopes, names)
  if (excess.length === 0) return null
  return beyond(`The key policy lets no key be given: ${excess.join(', ')}. An owner or admin can change it.`)
}

/** Judges whether somebody may get a secret of this key. */
export function beyondIssuedSecret(
  { liveKeysBy }: IssuePolicy,
  grant: Grant | undefined,
  { environment }: Pick<ApiKey, 'environment'>,
): BeyondGrant | null {
  if (environment !== 'live' || liveKeysBy === 'everybody' || grant?.isAdmin !== false) return null
  return beyond(
    'The key policy lets only owners and admins get live keys. Make a test key, or ask one of them.',
  )
}

/** Judges the scopes that a key gets beside those it has. One that may make keys is as good as their secrets. */
export function beyondIssuedChange(
  catalog: ScopeCatalog,
  policy: IssuePolicy,
  grant: Grant | undefined,
  { current, scopes }: { current: ApiKey; scopes: readonly string[] },
): BeyondGrant | null {
  const added = scopes.filter((scope) => !current.scopes.includes(scope))
  const makesKeys: ReservedScope = 'keys:write'
  return (
    beyondIssuedScopes(catalog, policy, added) ??
    (added.includes(makesKeys) ? beyondIssuedSecret(policy, grant, current) : null)
  )
}
