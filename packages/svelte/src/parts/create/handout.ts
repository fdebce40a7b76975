import type { KeyPolicy, ScopeList } from '@latchkey/client'

/** What somebody may give a key. */
export interface Handout {
  /** Scopes and sets of them. */
  scopes: string[]
  /** Whether they may have a live key. */
  live: boolean
}

/** What owners and admins, who are in charge, or others may hand out under the policy. The API decides; this only spares people a refusal. */
export function handoutOf(inCharge: boolean, policy: KeyPolicy, { data, sets }: ScopeList): Handout {
  const bounds = [policy.scopes, policy.issue.scopes]
    .filter((names) => names !== null)
    .map((names) => new Set(names.flatMap((name) => singles(name, { data, sets }))))
  const isOpen = (name: string) =>
    bounds.every((bound) => bound.has(name)) && (inCharge || name !== 'audit:read')
  return {
    scopes: [
      ...data.map(({ name }) => name).filter(isOpen),
      ...sets.filter(({ scopes }) => scopes.every(isOpen)).map(({ name }) => name),
    ],
    live: inCharge || policy.issue.liveKeysBy === 'everybody',
  }
}

/** A set, or a resource as `contacts:*`, taken apart. */
function singles(name: string, { data, sets }: Pick<ScopeList, 'data' | 'sets'>): string[] {
  if (name.endsWith(':*'))
    return data.map((scope) => scope.name).filter((one) => one.startsWith(name.slice(0, -1)))
  return sets.find((set) => set.name === name)?.scopes ?? [name]
}
