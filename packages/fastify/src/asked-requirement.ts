import type { Environment, Requirement } from '@latchkey/engine'
import type { KeySpace } from './key-space.ts'
import type { FieldError } from './problem.ts'

/** What somebody else's route asks of a key, as they wrote it. */
export interface Asked {
  scopes?: readonly string[] | undefined
  environment?: Environment | undefined
  cost?: number | undefined
}

/**
 * Makes a requirement of what was asked, within what this key space requires of every key. A scope that was not
 * declared is a spelling mistake, which no key could ever satisfy.
 */
export function requirementOf(
  { engine, environment: only }: KeySpace,
  { scopes = [], environment = only, cost = 1 }: Asked,
): { ok: true; requirement: Requirement } | { ok: false; error: FieldError } {
  const unknown = scopes.find((scope) => !Object.hasOwn(engine.scopes, scope))
  if (unknown !== undefined) {
    const declared = Object.keys(engine.scopes).join(', ') || '(none are declared)'
    return { ok: false, error: { field: 'scopes', message: `must be among: ${declared}` } }
  }
  if (only !== undefined && environment !== only) {
    return { ok: false, error: { field: 'environment', message: `must be ${only}, as everywhere here` } }
  }
  return { ok: true, requirement: { scopes, cost, ...(environment && { environment }) } }
}
