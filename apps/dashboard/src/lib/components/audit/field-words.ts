import { m } from '#lib/paraglide/messages.js'

const names: Record<string, () => string> = {
  name: m.audit_field_name,
  environment: m.audit_field_environment,
  kind: m.audit_field_kind,
  scopes: m.audit_field_scopes,
  metadata: m.audit_field_metadata,
  allowedIps: m.audit_field_allowed_ips,
  allowedOrigins: m.audit_field_allowed_origins,
  blockBrowsers: m.audit_field_block_browsers,
  rateLimits: m.audit_field_rate_limits,
  quota: m.audit_field_quota,
  start: m.audit_field_start,
  version: m.audit_field_version,
  rotatedAt: m.audit_field_rotated_at,
  rotateEveryDays: m.audit_field_rotate_every_days,
  retiringSecret: m.audit_field_retiring_secret,
  expiresAt: m.audit_field_expires_at,
  notBefore: m.audit_field_not_before,
  createdAt: m.audit_field_created_at,
  createdByName: m.audit_field_created_by,
  createdById: m.audit_field_created_by_id,
  disabledAt: m.audit_field_disabled_at,
  revokedAt: m.audit_field_revoked_at,
  revokedByName: m.audit_field_revoked_by,
  revokedById: m.audit_field_revoked_by_id,
  revocationReason: m.audit_field_revocation_reason,
  revocationNote: m.audit_field_revocation_note,
  restorableUntil: m.audit_field_restorable_until,
  expiryPolicy: m.audit_field_expiry_policy,
  issuePolicy: m.audit_field_issue_policy,
  ownerId: m.audit_field_owner,
  suspendedAt: m.audit_field_suspended_at,
  suspensionReason: m.audit_field_suspension_reason,
  operation: m.audit_field_operation,
  keyCount: m.audit_field_key_count,
  retiredAt: m.audit_field_retired_at,
  endsAt: m.audit_field_ends_at,
  limit: m.audit_field_limit,
  defaultDays: m.audit_field_default_days,
  maxDays: m.audit_field_max_days,
  allowNever: m.audit_field_allow_never,
  liveKeysBy: m.audit_field_live_keys_by,
}

/** What people call a field of a record; one that is new goes by the name it has in JSON. */
export const fieldName = (field: string): string => names[field]?.() ?? field

/** The order in which people look at fields; what is new comes last. */
export function fieldOrder(field: string): number {
  const order = Object.keys(names)
  const place = order.indexOf(field)
  return place < 0 ? order.length : place
}
