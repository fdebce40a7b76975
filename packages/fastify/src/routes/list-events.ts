import type { Access } from '../access.ts'
import { parseAuditFilters, toAuditEventJson } from '../audit-json.ts'
import { AuditEventList, ListAuditEvents } from '../audit-schemas.ts'
import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'

/** `GET /events`: who changed what, by pages. */
export function listEventsRoute({ scope, engine, operation }: RouteContext, access: Access): void {
  scope.get<{ Querystring: ListAuditEvents; Reply: AuditEventList }>(
    '/events',
    operation({
      operationId: 'listAuditEvents',
      summary: 'List the audit trail',
      description:
        'Tells who changed which key, when, from where, and what was there before and after, newest first. Only owners and admins may see it, and keys with the scope `audit:read`, since it tells of other people.',
      schema: {
        querystring: ListAuditEvents,
        response: {
          200: {
            description: 'One page of events.',
            content: { 'application/json': { schema: AuditEventList } },
          },
        },
      },
      access,
    }),
    async (request) => {
      const { limit, cursor, ...filters } = request.query
      const result = await engine.audit.list(principalOf(request).owner, {
        limit,
        cursor,
        ...parseAuditFilters(filters),
      })
      if (!result.ok) throw invalidInput(result)
      return { data: result.data.map(toAuditEventJson), nextCursor: result.nextCursor }
    },
  )
}
