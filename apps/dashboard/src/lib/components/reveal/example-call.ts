import type { KeySummary } from '@latchkey/svelte/parts/key-summary.ts'
import type { ExampleCall } from '@latchkey/svelte/parts/reveal/snippets.ts'

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
