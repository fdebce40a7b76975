import type { AuditEvent } from './audit-event.ts'

/**
 * An event as a line of JSON: the text that was hashed, with the hash as its last field. Without that field it is the
 * text again, so whoever has the line can check it.
 */
export function auditJsonLine({ text, hash }: AuditEvent): string {
  return `${text.slice(0, -1)},"hash":"${hash}"}\n`
}

const COLUMNS: readonly [name: string, valueOf: (event: AuditEvent) => string | number | null | undefined][] =
  [
    ['sequence', ({ sequence }) => sequence],
    ['at', ({ at }) => at.toISOString()],
    ['action', ({ action }) => action],
    ['keyId', ({ keyId }) => keyId],
    ['actorType', ({ actor }) => actor?.type],
    ['actorId', ({ actor }) => actor?.id],
    ['actorName', ({ actor }) => actor?.name],
    ['address', ({ address }) => address],
    ['userAgent', ({ userAgent }) => userAgent],
    ['requestId', ({ requestId }) => requestId],
    ['databaseRole', ({ databaseRole }) => databaseRole],
    ['before', ({ before }) => before && JSON.stringify(before)],
    ['after', ({ after }) => after && JSON.stringify(after)],
    ['previousHash', ({ previousHash }) => previousHash],
    ['hash', ({ hash }) => hash],
  ]

/** What spreadsheets take for a formula, also behind spaces and quotes, and in the wide form of East Asia. */
const FORMULA = /^(?:[\s"'\uFEFF]*[=+\-@＝＋－＠]|[\t\r\n])/

/** The first line of a table of events. */
export const AUDIT_CSV_HEADER = toRow(COLUMNS.map(([name]) => name))

/** An event as a line of CSV (RFC 4180). */
export function auditCsvLine(event: AuditEvent): string {
  return toRow(COLUMNS.map(([, valueOf]) => valueOf(event)))
}

function toRow(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(toCell).join(',')}\r\n`
}

/** Strangers choose some of what is in a cell, and whoever opens the table must not run it. */
function toCell(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value)
  const harmless = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
