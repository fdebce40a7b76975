import type { AuditEvent, AuditFilters } from '@latchkey/engine'
import type { AuditEvent as AuditEventJson, ExportAuditEvents } from './audit-schemas.ts'
import { parseMoment } from './parse-input.ts'

/** Reads filters that have passed the schema. */
export function parseAuditFilters({
  keyId,
  action,
  actorId,
  since,
  until,
}: Omit<ExportAuditEvents, 'format'>): AuditFilters {
  return {
    keyId,
    action,
    actorId,
    since: parseMoment('since', since) ?? undefined,
    until: parseMoment('until', until) ?? undefined,
  }
}

/** Shows an event to the owner of the keys. */
export function toAuditEventJson({ at, text: _, ...event }: AuditEvent): AuditEventJson {
  return { ...event, at: at.toISOString() }
}
