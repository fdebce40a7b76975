import { m } from '#lib/paraglide/messages.js'
import type { Changed } from './changed.ts'

/** Why something was not done to a key. */
export const refusalWords = {
  not_found: m.list_refused_not_found,
  reauthentication_required: m.list_refused_unproven,
  beyond_grant: m.list_refused_beyond_grant,
  already_revoked: m.list_refused_already_revoked,
  already_expired: m.list_refused_already_expired,
  not_revoked: m.list_refused_not_revoked,
  not_restorable: m.list_refused_not_restorable,
  too_many_keys: m.list_refused_too_many_keys,
  invalid_request: m.list_refused_invalid_request,
} satisfies Record<Changed['refused'][number]['code'], () => string>
