export const suspensions = ['yes', 'no'] as const

/** Which workspaces the page shows; all of it lives in the URL. */
export interface WorkspaceQuery {
  q: string
  suspended: (typeof suspensions)[number] | null
  cursor: string | null
}

export function readWorkspaceQuery(params: Pick<URLSearchParams, 'get'>): WorkspaceQuery {
  return {
    q: (params.get('q') ?? '').trim().slice(0, 100),
    suspended: suspensions.find((one) => one === params.get('suspended')) ?? null,
    cursor: params.get('cursor') || null,
  }
}

/** The page’s address for a query. A change of what is shown starts with the newest again. */
export function workspacesHref(query: WorkspaceQuery, change: Partial<WorkspaceQuery> = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...query, cursor: null, ...change }))
    if (value) params.set(name, value)
  return params.size > 0 ? `/operator/workspaces?${params}` : '/operator/workspaces'
}

/** The same for the API. */
export function toApiQuery({ q, suspended, cursor }: WorkspaceQuery) {
  return {
    ...(q && { q }),
    ...(suspended && { suspended: suspended === 'yes' }),
    ...(cursor && { cursor }),
  }
}
