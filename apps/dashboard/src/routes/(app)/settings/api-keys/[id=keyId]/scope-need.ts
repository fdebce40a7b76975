import type { ApiKeyRoutes } from '@latchkey/client'
import type { ExplainedScope } from './explain-scopes.ts'

/** Whether requests of the last days needed a scope. */
export interface ScopeNeed {
  /** The last day on which one did; null: none. */
  lastUsedOn: string | null
  /** Of a set: what of it was not needed. */
  unneeded: string[]
}

/** Null where nothing was counted: a key that opened nothing needs every scope it was given. */
export function scopeNeed({ name, includes }: ExplainedScope, report: ApiKeyRoutes | null): ScopeNeed | null {
  if (!report || report.routes.length === 0) return null
  const names = includes.length > 0 ? includes : [name]
  const told = report.scopes.filter((scope) => names.includes(scope.name))
  if (told.length === 0) return null
  const days = told.flatMap(({ lastUsedOn }) => lastUsedOn ?? [])
  return {
    lastUsedOn: days.toSorted().at(-1) ?? null,
    unneeded: includes.length > 0 ? told.filter((one) => !one.lastUsedOn).map((one) => one.name) : [],
  }
}
