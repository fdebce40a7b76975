import type { Environment, Requirement, Verdict } from '@latchkey/engine'
import type { KeySpace } from './key-space.ts'
import type { FieldError } from './problem.ts'

/** What somebody else's route asks of a key, as they wrote it. */
export interface Asked {
  scopes?: readonly string[] | undefined
  anyScope?: readonly string[] | undefined
  environment?: Environment | undefined
  cost?: number | undefined
}

/**
 * Makes a requirement of what was asked, within what this key space requires of every key. A scope that was not
 * declared is a spelling mistake, which no key could ever satisfy.
 */
export function requirementOf(
  { engine, environment: only }: KeySpace,
  { scopes = [], anyScope, environment = only, cost = 1 }: Asked,
): { ok: true; requirement: Requirement } | { ok: false; error: FieldError } {
  for (const [field, names] of Object.entries({ scopes, anyScope: anyScope ?? [] })) {
    if (names.every((name) => Object.hasOwn(engine.scopes, name))) continue
    const declared = Object.keys(engine.scopes).join(', ') || '(none are declared)'
    return { ok: false, error: { field, message: `must be among: ${declared}` } }
  }
  if (only !== undefined && environment !== only) {
    return { ok: false, error: { field: 'environment', message: `must be ${only}, as everywhere here` } }
  }
  return {
    ok: true,
    requirement: { scopes, cost, ...(anyScope && { anyScope }), ...(environment && { environment }) },
  }
}

/** The routes are somebody else's, so all that is known of them is what they ask for. */
const ELSEWHERE = { method: '*', path: '(other services)' }

/** Counts for what a key was good elsewhere, so that its owner can see which of its scopes it needs. */
export function countAsked({ engine }: KeySpace, asked: Requirement, verdict: Verdict): void {
  if (!verdict.ok) return
  const { scopes = [], anyScope = [] } = asked
  engine.routeUses.counterOf({ ...ELSEWHERE, scopes, anyScope }).count(verdict.key.id)
}
