import type { AuditEvent } from '@latchkey/client'
import { m } from '#lib/paraglide/messages.js'

type Sentence = (inputs: { who: string }) => string

const sentences: Record<AuditEvent['action'], Sentence> = {
  'key.created': m.audit_key_created,
  'key.imported': m.audit_key_imported,
  'key.updated': m.audit_key_updated,
  'key.disabled': m.audit_key_disabled,
  'key.enabled': m.audit_key_enabled,
  'key.rotated': m.audit_key_rotated,
  'key.secret_retired': m.audit_key_secret_retired,
  'key.revoked': m.audit_key_revoked,
  'key.restored': m.audit_key_restored,
  'key.purged': m.audit_key_purged,
  'policy.updated': m.audit_policy_updated,
  'owner_scopes.updated': m.audit_owner_scopes_updated,
  'owner.suspended': m.audit_owner_suspended,
  'owner.suspension_lifted': m.audit_owner_suspension_lifted,
  'owner.updated': m.audit_owner_updated,
  'operator.looked': m.audit_operator_looked,
  'operator.appointed': m.audit_operator_appointed,
  'operator.dismissed': m.audit_operator_dismissed,
}

/** “Ada Lovelace”, “the key CI (a program)”, or who else there is to name. */
export function whoText({ actor, databaseRole }: Pick<AuditEvent, 'actor' | 'databaseRole'>): string {
  if (!actor) return m.audit_by_hand({ role: databaseRole })
  const name = actor.name ?? actor.id
  if (actor.type === 'key') return m.audit_by_key({ name })
  return actor.type === 'system' ? m.audit_by_system({ name }) : name
}

/** What happened, in a sentence. An action that is not known yet goes by its code. */
export function eventText(event: AuditEvent): string {
  const who = whoText(event)
  return sentences[event.action]?.({ who }) ?? m.audit_unknown({ who, action: event.action })
}
