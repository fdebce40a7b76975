import type { AuditEvent } from '@latchkey/client'

export const actions = [
  'key.created',
  'key.imported',
  'key.updated',
  'key.disabled',
  'key.enabled',
  'key.rotated',
  'key.secret_retired',
  'key.revoked',
  'key.restored',
  'key.purged',
  'policy.updated',
  'owner_scopes.updated',
  'owner.suspended',
  'owner.suspension_lifted',
  'owner.updated',
  'operator.looked',
] as const satisfies AuditEvent['action'][]

/** Which events the page shows; all of it lives in the URL. */
export interface AuditQuery {
  action: (typeof actions)[number] | null
  keyId: string
  actorId: string
  /** Days, as date fields have them; in UTC. */
  since: string
  until: string
  cursor: string | null
}

const day = /^\d{4}-\d\d-\d\d$/
const dayMs = 86_400_000

export function readAuditQuery(params: Pick<URLSearchParams, 'get'>): AuditQuery {
  const text = (name: string) => (params.get(name) ?? '').trim()
  const dayOf = (name: string) => (isDay(text(name)) ? text(name) : '')
  return {
    action: actions.find((action) => action === params.get('action')) ?? null,
    keyId: text('keyId'),
    actorId: text('actorId'),
    since: dayOf('since'),
    until: dayOf('until'),
    cursor: params.get('cursor') || null,
  }
}

/** The page’s address for a query. A change of what is shown starts with the newest again. */
export function auditHref(
  query: AuditQuery,
  change: Partial<AuditQuery> = {},
  path = '/settings/audit-log',
): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...query, cursor: null, ...change }))
    if (value) params.set(name, value)
  return params.size > 0 ? `${path}?${params}` : path
}

/** The same for the API. The last day is meant whole. */
export function toApiQuery({ action, keyId, actorId, since, until }: AuditQuery) {
  return {
    ...(action && { action: [action] }),
    ...(keyId && { keyId }),
    ...(actorId && { actorId }),
    ...(since && { since: `${since}T00:00:00Z` }),
    ...(until && { until: new Date(Date.parse(until) + dayMs).toISOString() }),
  }
}

export const isFiltered = ({ action, keyId, actorId, since, until }: AuditQuery): boolean =>
  Boolean(action || keyId || actorId || since || until)

function isDay(text: string): boolean {
  return day.test(text) && !Number.isNaN(Date.parse(text)) && Number(text.slice(0, 4)) >= 1
}
