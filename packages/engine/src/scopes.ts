/** Scopes under one name, as `@read-only`: a key that holds the name holds whatever the set contains by then. */
export interface ScopeSet {
  /** What it allows, for people. */
  readonly description: string
  /** Declared scopes, and `resource:*`. */
  readonly scopes: readonly string[]
}

/** What keys may hold, and what it stands for. */
export interface ScopeCatalog {
  /** The scopes that the host declared, each with a description for people. */
  readonly declared: Readonly<Record<string, string>>
  /** Sets of them by name, with the `@`. */
  readonly sets: Readonly<Record<string, ScopeSet>>
  /** Whether a key may be given this: a declared scope, `resource:*` where there is one of the resource, or a set. */
  readonly has: (name: string) => boolean
  /** The declared scopes that names stand for. A plain name that is declared no more stands for itself. */
  readonly expand: (names: readonly string[]) => string[]
}

/** The characters of RFC 6750's scope-token: a scope is also told in the header WWW-Authenticate. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/
const SET_NAME = /^@[a-z][a-z0-9-]{0,62}$/
const WILDCARD = ':*'

/** Makes the catalog of one namespace. @throws Error, a sentence for the developer, when a name cannot be one. */
export function createScopeCatalog(
  givenScopes: Readonly<Record<string, string>>,
  givenSets: Readonly<Record<string, ScopeSet>>,
): ScopeCatalog {
  // Copied, so that nobody can add to them later.
  const declared = Object.freeze({ ...givenScopes })
  const sets = Object.freeze(structuredClone(givenSets))
  const names = Object.keys(declared)
  names.forEach(assertScope)

  const isOfResource = (wildcard: string) => (name: string) => name.startsWith(wildcard.slice(0, -1))
  const isWildcard = (name: string) => name.endsWith(WILDCARD) && names.some(isOfResource(name))
  const isScope = (name: string) => Object.hasOwn(declared, name) || isWildcard(name)
  for (const [name, set] of Object.entries(sets)) assertSet(name, set, isScope)

  function expandOne(name: string): readonly string[] {
    if (Object.hasOwn(declared, name)) return [name]
    if (name.startsWith('@')) return Object.hasOwn(sets, name) ? sets[name]!.scopes.flatMap(expandOne) : []
    return name.endsWith(WILDCARD) ? names.filter(isOfResource(name)) : [name]
  }

  return {
    declared,
    sets,
    has: (name) => isScope(name) || Object.hasOwn(sets, name),
    expand: (list) => [...new Set(list.flatMap(expandOne))],
  }
}

function assertScope(name: string): void {
  if (!SCOPE.test(name)) {
    throw new Error(
      `The scope ${JSON.stringify(name)} must be 1 to 64 printable ASCII characters but " and \\.`,
    )
  }
  if (name.startsWith('@') || name.endsWith(WILDCARD)) {
    throw new Error(
      `The scope "${name}" must not begin with "@", which names a set of scopes, nor end with ":*", which names all of a resource.`,
    )
  }
}

function assertSet(name: string, { scopes }: ScopeSet, isScope: (name: string) => boolean): void {
  if (!SET_NAME.test(name)) {
    throw new Error(`The set of scopes "${name}" must be named as "@read-only": "@", then a-z, 0-9 and "-".`)
  }
  const unknown = scopes.find((scope) => !isScope(scope))
  if (unknown !== undefined) {
    throw new Error(`The set of scopes "${name}" names "${unknown}", which is not among the scopes.`)
  }
}

/** A key was to get scopes that whoever asked, or its owner, does not have. */
export interface BeyondGrant {
  ok: false
  reason: 'beyond_grant'
  /** Those scopes. */
  scopes: readonly string[]
}

/** Which of the scopes that names stand for are not among those of a bound; null bounds nothing. */
export function beyondBound(
  { expand }: ScopeCatalog,
  names: readonly string[],
  bound: readonly string[] | null,
): string[] {
  if (bound === null) return []
  const allowed = new Set(expand(bound))
  return expand(names).filter((scope) => !allowed.has(scope))
}
