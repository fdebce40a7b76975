import type { KeySummary } from '#lib/key-summary.ts'

/** A call that a key can make, as it is shown to whoever has just got the key. */
export interface ExampleCall {
  path: string
  /** The page that makes it, for a key that works on some pages only. */
  origin: string | null
  /** Whether the key may make it: one that may read nothing is refused everywhere. */
  isAllowed: boolean
}

export interface ScopeSet {
  name: string
  scopes: readonly string[]
}

/** What can be asked of the API, and what a key needs for it. */
const readings = [
  { scope: 'contacts:read', path: '/v1/contacts' },
  { scope: 'companies:read', path: '/v1/companies' },
  { scope: 'keys:read', path: '/v1/api-keys' },
] as const

export function exampleCall(
  { scopes, allowedOrigins }: Pick<KeySummary, 'scopes' | 'allowedOrigins'>,
  sets: readonly ScopeSet[],
): ExampleCall {
  const held = scopes.flatMap((name) => sets.find((set) => set.name === name)?.scopes ?? [name])
  const holds = (scope: string) => held.includes(scope) || held.includes(scope.replace(/:\w+$/, ':*'))
  const reading = readings.find(({ scope }) => holds(scope))
  return {
    path: (reading ?? readings[0]).path,
    origin: allowedOrigins[0]?.replace('*', 'www') ?? null,
    isAllowed: reading !== undefined,
  }
}
