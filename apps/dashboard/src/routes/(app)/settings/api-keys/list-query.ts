import { withoutSecrets } from '@latchkey/svelte/parts/key-text.ts'

export const statuses = ['active', 'pending', 'disabled', 'expired', 'revoked'] as const
export const environments = ['live', 'test'] as const
export const sorts = ['-createdAt', 'createdAt', 'name', '-name'] as const
export const pageSizes = [25, 50, 100] as const
/** What somebody should look at: keys that end within a week, that nobody uses, that never end, that have two secrets. */
export const attentions = ['expiring', 'unused', 'never-expires', 'rotating'] as const

/** What the list shows; all of it lives in the URL, so that reload, back and a shared link show the same. */
export interface ListQuery {
  q: string
  status: (typeof statuses)[number] | null
  environment: (typeof environments)[number] | null
  /** What the keys may do. */
  scope: string | null
  /** The id of whoever created them. */
  by: string | null
  attention: (typeof attentions)[number] | null
  sort: (typeof sorts)[number]
  size: (typeof pageSizes)[number]
  /** The cursors that led to this page. The API only leads on; these lead back. */
  cursors: string[]
  /** How many more cursors there were before these, given up to keep the URL short. */
  skipped: number
}

const listPath = '/settings/api-keys'
const longestText = 64
const longestFilter = 255
const mostCursors = 40
const firstPage = { cursors: [], skipped: 0 }

export function readListQuery(params: Pick<URLSearchParams, 'get' | 'getAll'>): ListQuery {
  const oneOf = <Value extends string>(name: string, values: readonly Value[]) =>
    values.find((value) => value === params.get(name)) ?? null
  const filter = (name: string) => params.get(name)?.trim().slice(0, longestFilter) || null
  const skipped = Number(params.get('skipped'))
  return {
    q: withoutSecrets((params.get('q') ?? '').trim()).slice(0, longestText),
    status: oneOf('status', statuses),
    environment: oneOf('environment', environments),
    scope: filter('scope'),
    by: filter('by'),
    attention: oneOf('attention', attentions),
    sort: oneOf('sort', sorts) ?? sorts[0],
    size: pageSizes.find((size) => String(size) === params.get('size')) ?? pageSizes[0],
    cursors: params.getAll('cursor').filter(Boolean).slice(-mostCursors),
    skipped: Number.isSafeInteger(skipped) && skipped > 0 ? skipped : 0,
  }
}

/** The list’s address for a query. A change of what is listed starts at the first page again. */
export function listHref(query: ListQuery, change: Partial<ListQuery> = {}): string {
  const params = paramsOf({ ...query, ...firstPage, ...change })
  return params.size > 0 ? `${listPath}?${params}` : listPath
}

/** The address of one of the list’s actions, which shows the same page again afterwards. */
export function actionHref(query: ListQuery, action: string): string {
  const params = paramsOf(query).toString()
  return `${listPath}?/${action}${params && `&${params}`}`
}

/** The address where the same page is told as data. */
export const rowsHref = (query: ListQuery): string => `${listPath}/rows?${paramsOf(query)}`

function paramsOf(query: ListQuery): URLSearchParams {
  const { sort, size, cursors, skipped, ...filters } = query
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value) params.set(name, value)
  if (sort !== sorts[0]) params.set('sort', sort)
  if (size !== pageSizes[0]) params.set('size', String(size))
  for (const cursor of cursors) params.append('cursor', cursor)
  if (skipped > 0) params.set('skipped', String(skipped))
  return params
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
export const offsetOf = ({ cursors, skipped, size }: ListQuery): number => (skipped + cursors.length) * size

/** The list without any filter, in the same order. */
export const unfilteredHref = ({ sort, size }: ListQuery): string =>
  listHref({ ...readListQuery(new URLSearchParams()), sort, size })

export const isFiltered = ({ q, status, environment, scope, by, attention }: ListQuery): boolean =>
  Boolean(q || status || environment || scope || by || attention)
