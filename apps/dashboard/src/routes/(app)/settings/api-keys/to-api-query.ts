import type { ListQuery } from './list-query.ts'

const dayMs = 24 * 3600_000
/** As the badges have it. */
export const soonMs = 7 * dayMs
export const unusedMs = 30 * dayMs

/** How the API is asked for a page. A status that somebody chose is kept; otherwise a fact asks for the states it is about. */
export function toApiQuery(query: ListQuery, nowMs: number) {
  const { q, status, environment, scope, by, attention, sort, size, cursors } = query
  const moment = (ms: number) => new Date(ms).toISOString()
  const facts = {
    expiring: { status: ['active' as const], expiresBefore: moment(nowMs + soonMs) },
    unused: { status: ['active' as const], unusedSince: moment(nowMs - unusedMs) },
    'never-expires': { status: ['active' as const, 'disabled' as const], neverExpires: true },
    rotating: { rotating: true },
  }
  return {
    limit: size,
    count: true,
    sort,
    ...(q && { q }),
    ...(environment && { environment }),
    ...(scope && { scope }),
    ...(by && { createdBy: by }),
    ...(attention && facts[attention]),
    ...(status && { status: [status] }),
    ...(cursors.length > 0 && { cursor: cursors.at(-1)! }),
  }
}
