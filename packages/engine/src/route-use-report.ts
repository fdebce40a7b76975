import { invalid, type InvalidInput } from './checked.ts'
import { assertIdentity } from './identity.ts'
import type { RouteUseStore, StoredRouteUse } from './postgres/route-use-store.ts'
import type { ScopeCatalog } from './scopes.ts'

export const MAX_ROUTE_USE_DAYS = 90
export const DEFAULT_ROUTE_USE_DAYS = 30
const DAY_MS = 86_400_000

/** A route that a key has opened. */
export interface UsedRoute {
  method: string
  path: string
  scopes: readonly string[]
  anyScope: readonly string[]
  /** How many requests there were. */
  count: number
  /** The last day of them, of UTC, as `2026-11-27`. */
  lastUsedOn: string
}

/** Which routes a key opened, and which of its scopes it needed for that. */
export interface RouteUseReport {
  /** Since when this was counted. */
  since: Date
  /** Most used first. */
  routes: UsedRoute[]
  /** Every scope that the key holds, sets and wildcards taken apart, with the last day on which it was needed; null: never. */
  scopes: { name: string; lastUsedOn: string | null }[]
}

export type RouteUseResult =
  { ok: true; report: RouteUseReport } | InvalidInput | { ok: false; reason: 'not_found' }

/** Tells which routes a key opened in the last days, up to some seconds ago. It rejects with StoreUnavailable alone. */
export type ReportRouteUse = (
  owner: string,
  id: string,
  options?: { days?: number | undefined },
) => Promise<RouteUseResult>

/** What {@link createRouteUseReport} needs from outside. */
export interface RouteUseReportOptions {
  store: RouteUseStore
  catalog: ScopeCatalog
  now: () => number
}

export function createRouteUseReport({ store, catalog, now }: RouteUseReportOptions): ReportRouteUse {
  return async function report(owner, id, { days = DEFAULT_ROUTE_USE_DAYS } = {}) {
    assertIdentity(owner)
    if (!Number.isInteger(days) || days < 1 || days > MAX_ROUTE_USE_DAYS) {
      return invalid('days', `must be a whole number from 1 to ${MAX_ROUTE_USE_DAYS}`)
    }
    const nowMs = now()
    const firstDay = dayOf(nowMs - (days - 1) * DAY_MS)
    const stored = await store.read(owner, id, firstDay)
    if (stored === null) return { ok: false, reason: 'not_found' }
    const { countedSinceMs, createdMs, routes } = stored
    const since = new Date(Math.max(Date.parse(firstDay), countedSinceMs ?? nowMs, createdMs))
    const scopes = catalog
      .expand(stored.scopes)
      .map((name) => ({ name, lastUsedOn: lastNeeded(name, routes) }))
    const used = routes.map(({ lastDay, ...route }) => ({ ...route, lastUsedOn: lastDay }))
    return { ok: true, report: { since, routes: used, scopes } }
  }
}

/** Where one of several will do, each of them counts as needed: nobody can say which one it was. */
function lastNeeded(scope: string, routes: readonly StoredRouteUse[]): string | null {
  const days = routes
    .filter(({ scopes, anyScope }) => scopes.includes(scope) || anyScope.includes(scope))
    .map(({ lastDay }) => lastDay)
  return days.length === 0 ? null : days.reduce((last, day) => (day > last ? day : last))
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
