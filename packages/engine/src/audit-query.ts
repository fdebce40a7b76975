import { AUDIT_ACTIONS, type AuditAction } from './audit-event.ts'
import { invalid, type Checked } from './checked.ts'
import { isIdentity, IDENTITY_RULE } from './identity.ts'
import { keyIdToUuid } from './key-id.ts'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from './key-list.ts'

/** Which events are wanted; all of them when left out. */
export interface AuditFilters {
  /** Of one key. */
  keyId?: string | undefined
  action?: readonly AuditAction[] | undefined
  /** By one person or program. */
  actorId?: string | undefined
  /** Not before this moment. */
  since?: Date | undefined
  /** Before this moment. */
  until?: Date | undefined
}

/** Which page of an owner's events, newest first. */
export interface AuditListOptions extends AuditFilters {
  /** How many, 1 to 100; 25 when left out. */
  limit?: number | undefined
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined
}

/** Where a page starts. */
export interface AuditPosition {
  at: Date
  sequence: number
}

/** Checked filters. */
export interface AuditQuery {
  keyUuid: string | null
  actions: readonly AuditAction[] | null
  actorId: string | null
  since: Date | null
  until: Date | null
}

/** Checks which events are wanted. */
export function parseFilters({ keyId, action, actorId, since, until }: AuditFilters): Checked<AuditQuery> {
  const keyUuid = keyId === undefined ? null : keyIdToUuid(keyId)
  if (keyId !== undefined && keyUuid === null) return invalid('keyId', 'must be the id of a key')
  if (action?.some((one) => !AUDIT_ACTIONS.includes(one))) {
    return invalid('action', `must be among: ${AUDIT_ACTIONS.join(', ')}`)
  }
  if (actorId !== undefined && !isIdentity(actorId)) return invalid('actorId', IDENTITY_RULE)
  for (const [field, moment] of Object.entries({ since, until })) {
    if (moment !== undefined && !isMoment(moment)) {
      return invalid(field, 'must be a moment in the years 1 to 9999')
    }
  }
  const actions = action?.length ? [...new Set(action)] : null
  return {
    ok: true,
    value: { keyUuid, actions, actorId: actorId ?? null, since: since ?? null, until: until ?? null },
  }
}

/** Checks which page is wanted; `limit` in the result is one more than a page, to see whether another follows. */
export function parseAuditList({
  limit = DEFAULT_PAGE_SIZE,
  cursor,
  ...filters
}: AuditListOptions): Checked<{ query: AuditQuery; limit: number; before: AuditPosition | null }> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE) {
    return invalid('limit', `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
  }
  const before = cursor === undefined ? null : readAuditCursor(cursor)
  if (cursor !== undefined && before === null) return invalid('cursor', 'is not the nextCursor of a page')
  const query = parseFilters(filters)
  return query.ok ? { ok: true, value: { query: query.value, limit: limit + 1, before } } : query
}

/** The cursor of the page that begins behind an event. */
export function writeAuditCursor({ at, sequence }: AuditPosition): string {
  return Buffer.from(`${at.getTime()}.${sequence}`).toString('base64url')
}

/** A cursor may come from anyone, so nothing in it is believed that is not checked. */
export function readAuditCursor(cursor: string): AuditPosition | null {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, ms, sequence] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  if (ms === undefined) return null
  const at = new Date(Number(ms))
  return isMoment(at) ? { at, sequence: Number(sequence) } : null
}

/** Postgres has no year 0, and texts of later years than 9999 are of another form. */
function isMoment(moment: unknown): boolean {
  if (!(moment instanceof Date)) return false
  const year = moment.getUTCFullYear()
  return year >= 1 && year <= 9_999
}
