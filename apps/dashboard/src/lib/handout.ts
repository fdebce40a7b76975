import type { KeyPolicy, ScopeList } from '@latchkey/client'
import { isInCharge, type Session } from './session.ts'

/** What somebody may give a key. */
export interface Handout {
  /** Scopes and sets of them. */
  scopes: string[]
  /** Whether they may have a live key. */
  live: boolean
}

/** What a person may hand out under the policy of their workspace. The API decides; this only spares people a refusal. */
export function handoutOf(session: Session, policy: KeyPolicy, { data, sets }: ScopeList): Handout {
  const inCharge = isInCharge(session)
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
