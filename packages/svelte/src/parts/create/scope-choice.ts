export interface Scope {
  name: string
  description: string
  /** Whether a key with it manages keys: nothing that is chosen for anybody. */
  managesKeys: boolean
  /** Whether publishable keys may hold it. */
  public: boolean
}

export interface ScopeSet {
  name: string
  description: string
  scopes: string[]
}

export const scopePresets = ['read', 'write'] as const
export type ScopePreset = (typeof scopePresets)[number]

export const isReading = (name: string): boolean => name.endsWith(':read')

/** What a preset ticks: what only reads, or everything but the management of keys. */
export const presetScopes = (scopes: readonly Scope[], preset: ScopePreset): string[] =>
  scopes
    .filter(({ name, managesKeys }) => !managesKeys && (preset === 'write' || isReading(name)))
    .map(({ name }) => name)

/** What a key with these scopes may do, sets taken apart. */
export const expandScopes = (names: readonly string[], sets: readonly ScopeSet[]): string[] => [
  ...new Set(names.flatMap((name) => sets.find((set) => set.name === name)?.scopes ?? [name])),
]

/** Whether a scope or a set is meant by what somebody typed to find it. */
export const matchesScope = (
  { name, description }: Pick<Scope, 'name' | 'description'>,
  search: string,
): boolean => `${name} ${description}`.toLowerCase().includes(search.trim().toLowerCase())
