import { Readable } from 'node:stream'
import { AUDIT_CSV_HEADER, auditCsvLine, auditJsonLine, type AuditEvent } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Access } from '../access.ts'
import { parseAuditFilters } from '../audit-json.ts'
import { ExportAuditEvents } from '../audit-schemas.ts'
import { principalOf } from '../authorize.ts'
import { logFailure } from '../log-failure.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'

const FORMATS = {
  jsonl: { type: 'application/jsonl; charset=utf-8', header: '', line: auditJsonLine },
  csv: { type: 'text/csv; charset=utf-8', header: AUDIT_CSV_HEADER, line: auditCsvLine },
} as const

/** `GET /events/export`: the whole audit trail as a file, sent while it is read. */
export function exportEventsRoute({ scope, engine, operation }: RouteContext, access: Access): void {
  scope.get<{ Querystring: ExportAuditEvents }>(
    '/events/export',
    {
      ...operation({
        operationId: 'exportAuditEvents',
        summary: 'Export the audit trail',
        description:
          'Sends all events so far, oldest first, as a file. When the database goes away in the middle, the reply breaks off, so that half a trail is never taken for a whole one. Only owners and admins may have it, and keys with the scope `audit:read`.',
        schema: {
          querystring: ExportAuditEvents,
          response: {
            200: {
              description: 'The events, one a line.',
              content: {
                'application/jsonl': { schema: Type.String({ description: 'An event a line, as JSON.' }) },
                'text/csv': { schema: Type.String({ description: 'A table with a header.' }) },
              },
            },
          },
        },
        access,
      }),
      // Fastify would read the whole trail to send nothing of it.
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const { format = 'jsonl', ...filters } = request.query
      const result = engine.audit.export(principalOf(request).owner, parseAuditFilters(filters))
      if (!result.ok) throw invalidInput(result)
      const events = result.events[Symbol.asyncIterator]()
      // A database that is away is told as long as there is a status to tell it by.
      const first = await events.next()
      const day = new Date().toISOString().slice(0, 10)
      return reply
        .type(FORMATS[format].type)
        .header('content-disposition', `attachment; filename="audit-${day}.${format}"`)
        .send(Readable.from(linesOf(request, format, first, events)))
    },
  )
}

async function* linesOf(
  request: FastifyRequest,
  format: keyof typeof FORMATS,
  first: IteratorResult<AuditEvent, unknown>,
  rest: AsyncIterator<AuditEvent>,
): AsyncGenerator<string> {
  const { header, line } = FORMATS[format]
  if (header !== '') yield header
  if (first.done) return
  yield line(first.value)
  try {
    for await (const event of { [Symbol.asyncIterator]: () => rest }) yield line(event)
  } catch (error) {
    logFailure(request.log, error, 'The export broke off')
    throw new ProblemError('unavailable')
  }
}
