import type { KeyBadge } from './key-badge.ts'
import type { KeySummary } from './key-summary.ts'
import { m } from '#paraglide/messages.js'

/** What people call the closed sets in a key’s record. */
export const statusWords = {
  active: m.keys_status_active,
  expiring: m.keys_status_expiring,
  rotating: m.keys_status_rotating,
  unused: m.keys_status_unused,
  pending: m.keys_status_pending,
  disabled: m.keys_status_disabled,
  expired: m.keys_status_expired,
  revoked: m.keys_status_revoked,
} satisfies Record<KeyBadge, () => string>

export const environmentWords = {
  live: m.keys_environment_live,
  test: m.keys_environment_test,
} satisfies Record<KeySummary['environment'], () => string>
