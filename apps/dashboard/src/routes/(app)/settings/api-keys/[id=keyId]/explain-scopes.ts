import { m } from '#lib/paraglide/messages.js'
import type { ScopeList } from '@latchkey/client'

export type ScopeCatalogue = Pick<ScopeList, 'sets'> & { scopes: ScopeList['data'] }

export interface ExplainedScope {
  name: string
  description: string
  /** What a set, or `:*`, stands for now. */
  includes: string[]
}

/** What the scopes of a key mean, in their order. */
export const explainScopes = (scopes: string[], catalogue: ScopeCatalogue): ExplainedScope[] =>
  scopes.map((name) => {
    const scope = catalogue.scopes.find((one) => one.name === name)
    if (scope) return { name, description: scope.description, includes: [] }
    const set = catalogue.sets.find((one) => one.name === name)
    if (set) return { name, description: set.description, includes: set.scopes }
    if (name.endsWith(':*')) {
      const resource = name.slice(0, -':*'.length)
      const includes = catalogue.scopes.map((one) => one.name).filter((one) => one.startsWith(`${resource}:`))
      if (includes.length > 0) return { name, description: m.key_scope_whole({ resource }), includes }
    }
    return { name, description: m.key_scope_unknown(), includes: [] }
  })
