import { withoutSecrets } from '#lib/key-text.ts'

export const statuses = ['active', 'disabled', 'expired', 'revoked'] as const
export const environments = ['live', 'test'] as const
export const sorts = ['-createdAt', 'createdAt', 'name', '-name'] as const

/** What the list shows; all of it lives in the URL, so that reload, back and a shared link show the same. */
export interface ListQuery {
  q: string
  status: (typeof statuses)[number] | null
  environment: (typeof environments)[number] | null
  sort: (typeof sorts)[number]
  /** The cursors that led from the first page to this one. The API only leads on; these lead back. */
  cursors: string[]
}

export const pageSize = 25
const longestSearch = 64
/** Keeps the URL below what servers accept; whoever is this deep should search. */
const mostCursors = 50

export function readListQuery(params: Pick<URLSearchParams, 'get' | 'getAll'>): ListQuery {
  const oneOf = <Value extends string>(name: string, values: readonly Value[]) =>
    values.find((value) => value === params.get(name)) ?? null
  return {
    q: withoutSecrets((params.get('q') ?? '').trim()).slice(0, longestSearch),
    status: oneOf('status', statuses),
    environment: oneOf('environment', environments),
    sort: oneOf('sort', sorts) ?? sorts[0],
    cursors: params.getAll('cursor').filter(Boolean).slice(0, mostCursors),
  }
}

/** The list’s address for a query. A change of what is listed starts at the first page again. */
export function listHref(query: ListQuery, change: Partial<ListQuery> = {}): string {
  const { q, status, environment, sort, cursors } = { ...query, cursors: [], ...change }
  const params = new URLSearchParams()
  if (q) params.set('q', q)
  if (status) params.set('status', status)
  if (environment) params.set('environment', environment)
  if (sort !== sorts[0]) params.set('sort', sort)
  for (const cursor of cursors) params.append('cursor', cursor)
  return params.size > 0 ? `/settings/api-keys?${params}` : '/settings/api-keys'
}

export const isFiltered = (query: ListQuery): boolean => Boolean(query.q || query.status || query.environment)
