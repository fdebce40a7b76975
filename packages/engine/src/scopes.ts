import { RESERVED_SCOPES } from './reserved-scopes.ts'

/** Scopes under one name, as `@read-only`: a key that holds the name holds whatever the set contains by then. */
export interface ScopeSet {
  /** What it allows, for people. */
  readonly description: string
  /** Declared scopes, and `resource:*`. */
  readonly scopes: readonly string[]
}

/** A scope as a host declares it: what it allows, for people, and whether a key that everybody may read can have it. */
export type ScopeDeclaration =
  string | { readonly description: string; readonly public?: boolean | undefined }

/** What keys may hold, and what it stands for. */
export interface ScopeCatalog {
  /** The scopes that the host declared, each with a description for people. */
  readonly declared: Readonly<Record<string, string>>
  /** Those of them that publishable keys may hold. */
  readonly publicNames: readonly string[]
  readonly isPublic: (name: string) => boolean
  /** Sets of them by name, with the `@`. */
  readonly sets: Readonly<Record<string, ScopeSet>>
  /** All that keys may be given, but for the wildcards: declared scopes, sets, and Latchkey's own scopes. */
  readonly names: readonly string[]
  /** Whether a key may be given this: a declared scope, `resource:*` where there is one of the resource, a set, or a scope of Latchkey's own. */
  readonly has: (name: string) => boolean
  /** The declared scopes that names stand for. A plain name that is declared no more stands for itself. */
  readonly expand: (names: readonly string[]) => string[]
  /** Every name by which a key may hold a scope; of `resource:*` and of a set this name alone. */
  readonly namesFor: (scope: string) => string[]
}

/** The characters of RFC 6750's scope-token: a scope is also told in the header WWW-Authenticate. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,64}$/
const SET_NAME = /^@[a-z][a-z0-9-]{0,62}$/
const WILDCARD = ':*'

/** Makes the catalog of one namespace. @throws Error, a sentence for the developer, when a name cannot be one. */
export function createScopeCatalog(
  givenScopes: Readonly<Record<string, ScopeDeclaration>>,
  givenSets: Readonly<Record<string, ScopeSet>>,
): ScopeCatalog {
  // Copied, so that nobody can add to them later.
  const given = Object.entries(givenScopes).map(
    ([name, scope]) => [name, readDeclaration(name, scope)] as const,
  )
  const declared = Object.freeze(
    Object.fromEntries(given.map(([name, { description }]) => [name, description])),
  )
  const publicNames = given.filter((entry) => entry[1].public).map(([name]) => name)
  const sets = Object.freeze(structuredClone(givenSets))
  const scopes = Object.keys(declared)
  scopes.forEach(assertScope)

  const isOfResource = (wildcard: string) => (name: string) => name.startsWith(wildcard.slice(0, -1))
  const isWildcard = (name: string) => name.endsWith(WILDCARD) && scopes.some(isOfResource(name))
  const isScope = (name: string) => Object.hasOwn(declared, name) || isWildcard(name)
  for (const [name, set] of Object.entries(sets)) assertSet(name, set, isScope)

  function expandOne(name: string): readonly string[] {
    if (Object.hasOwn(declared, name)) return [name]
    if (name.startsWith('@')) return Object.hasOwn(sets, name) ? sets[name]!.scopes.flatMap(expandOne) : []
    return name.endsWith(WILDCARD) ? scopes.filter(isOfResource(name)) : [name]
  }

  return {
    declared,
    publicNames,
    isPublic: (name) => publicNames.includes(name),
    sets,
    names: [declared, sets, RESERVED_SCOPES].flatMap((part) => Object.keys(part)),
    has: (name) => isScope(name) || Object.hasOwn(sets, name) || Object.hasOwn(RESERVED_SCOPES, name),
    expand: (list) => [...new Set(list.flatMap(expandOne))],
    namesFor(scope) {
      if (isCollective(scope)) return [scope]
      const setsWithIt = Object.keys(sets).filter((name) => expandOne(name).includes(scope))
      return [scope, ...wildcardsOf(scope), ...setsWithIt]
    },
  }
}

/** A misspelt `public` would be ignored in silence, and anything but true is not public. */
function readDeclaration(name: string, scope: ScopeDeclaration): { description: string; public: boolean } {
  if (typeof scope === 'string') return { description: scope, public: false }
  const { description, public: isPublic = false, ...others } = (scope ?? {}) as Record<string, unknown>
  if (typeof description !== 'string' || typeof isPublic !== 'boolean' || Object.keys(others).length > 0) {
    throw new Error(`The scope "${name}" must be a description, or { description, public: true or false }.`)
  }
  return { description, public: isPublic }
}

function assertScope(name: string): void {
  if (!SCOPE.test(name)) {
    throw new Error(
      `The scope ${JSON.stringify(name)} must be 1 to 64 printable ASCII characters but " and \\.`,
    )
  }
  if (Object.hasOwn(RESERVED_SCOPES, name)) {
    throw new Error(
      `The scope ${JSON.stringify(name)} is Latchkey's own and needs no declaration; give yours another name.`,
    )
  }
  if (isCollective(name)) {
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

/** `a:*` and `a:b:*` of the scope `a:b:c`. */
function wildcardsOf(scope: string): string[] {
  const parts = scope.split(':')
  return parts.slice(1).map((_, i) => `${parts.slice(0, i + 1).join(':')}${WILDCARD}`)
}

/** Whether a name stands for what the host puts under it, now or later. */
export function isCollective(name: string): boolean {
  return name.startsWith('@') || name.endsWith(WILDCARD)
}
