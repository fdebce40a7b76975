import type { AuditEvent } from '@latchkey/client'
import { m } from '#lib/paraglide/messages.js'

const names: Record<AuditEvent['action'], () => string> = {
  'key.created': m.audit_log_action_created,
  'key.imported': m.audit_log_action_imported,
  'key.updated': m.audit_log_action_updated,
  'key.disabled': m.audit_log_action_disabled,
  'key.enabled': m.audit_log_action_enabled,
  'key.rotated': m.audit_log_action_rotated,
  'key.secret_retired': m.audit_log_action_secret_retired,
  'key.revoked': m.audit_log_action_revoked,
  'key.restored': m.audit_log_action_restored,
  'key.purged': m.audit_log_action_purged,
  'policy.updated': m.audit_log_action_policy,
  'owner_scopes.updated': m.audit_log_action_owner_scopes,
  'owner.suspended': m.audit_log_action_suspended,
  'owner.suspension_lifted': m.audit_log_action_suspension_lifted,
  'owner.updated': m.audit_log_action_owner,
  'operator.looked': m.audit_log_action_operator_looked,
  'operator.appointed': m.audit_log_action_operator_appointed,
  'operator.dismissed': m.audit_log_action_operator_dismissed,
}

/** What happened, in a few words. */
export const actionName = (action: AuditEvent['action']): string => names[action]()
