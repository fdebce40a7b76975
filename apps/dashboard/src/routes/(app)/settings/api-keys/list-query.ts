import { withoutSecrets } from '#lib/key-text.ts'

export const statuses = ['active', 'pending', 'disabled', 'expired', 'revoked'] as const
export const environments = ['live', 'test'] as const
export const sorts = ['-createdAt', 'createdAt', 'name', '-name'] as const

/** What the list shows; all of it lives in the URL, so that reload, back and a shared link show the same. */
export interface ListQuery {
  q: string
  status: (typeof statuses)[number] | null
  environment: (typeof environments)[number] | null
  sort: (typeof sorts)[number]
  /** The cursors that led to this page. The API only leads on; these lead back. */
  cursors: string[]
  /** How many more cursors there were before these, given up to keep the URL short. */
  skipped: number
}

export const pageSize = 25
const longestSearch = 64
const mostCursors = 40
const firstPage = { cursors: [], skipped: 0 }

export function readListQuery(params: Pick<URLSearchParams, 'get' | 'getAll'>): ListQuery {
  const oneOf = <Value extends string>(name: string, values: readonly Value[]) =>
    values.find((value) => value === params.get(name)) ?? null
  const skipped = Number(params.get('skipped'))
  return {
    q: withoutSecrets((params.get('q') ?? '').trim()).slice(0, longestSearch),
    status: oneOf('status', statuses),
    environment: oneOf('environment', environments),
    sort: oneOf('sort', sorts) ?? sorts[0],
    cursors: params.getAll('cursor').filter(Boolean).slice(-mostCursors),
    skipped: Number.isSafeInteger(skipped) && skipped > 0 ? skipped : 0,
  }
}

/** The list’s address for a query. A change of what is listed starts at the first page again. */
export function listHref(query: ListQuery, change: Partial<ListQuery> = {}): string {
  const { q, status, environment, sort, cursors, skipped } = { ...query, ...firstPage, ...change }
  const params = new URLSearchParams()
  if (q) params.set('q', q)
  if (status) params.set('status', status)
  if (environment) params.set('environment', environment)
  if (sort !== sorts[0]) params.set('sort', sort)
  for (const cursor of cursors) params.append('cursor', cursor)
  if (skipped > 0) params.set('skipped', String(skipped))
  return params.size > 0 ? `/settings/api-keys?${params}` : '/settings/api-keys'
}

export function nextPageHref(query: ListQuery, nextCursor: string): string {
  const all = [...query.cursors, nextCursor]
  const cursors = all.slice(-mostCursors)
  return listHref(query, { cursors, skipped: query.skipped + all.length - cursors.length })
}

/** The page before; the first page where the way back has been given up. Null on the first page. */
export function previousPageHref(query: ListQuery): string | null {
  const { cursors, skipped } = query
  if (cursors.length === 0) return null
  return cursors.length === 1 ? listHref(query) : listHref(query, { cursors: cursors.slice(0, -1), skipped })
}

/** How many keys come before this page. */
export const offsetOf = ({ cursors, skipped }: ListQuery): number => (skipped + cursors.length) * pageSize

export const isFiltered = (query: ListQuery): boolean => Boolean(query.q || query.status || query.environment)
