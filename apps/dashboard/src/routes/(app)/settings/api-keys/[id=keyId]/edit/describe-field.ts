import { m } from '#lib/paraglide/messages.js'
import { quotaPeriods } from '../words.ts'
import type { EditField, EditFields } from './edit-fields.ts'

/** What others changed while a form was open. */
export interface Meanwhile {
  /** The key as it is now. */
  latest: EditFields
  /** Where the form keeps what was typed. */
  conflicts: EditField[]
  /** What the form has taken over. */
  adopted: EditField[]
}

export const fieldNames: Record<EditField, () => string> = {
  name: m.create_name,
  scopes: m.create_scopes,
  expiresAt: m.key_fact_expires,
  notBefore: m.key_fact_begins,
  rateLimits: m.key_fact_rate_limits,
  quota: m.key_fact_quota,
  allowedIps: m.key_edit_addresses,
  allowedOrigins: m.key_edit_origins,
  blockBrowsers: m.key_edit_block_browsers,
  rotateEveryDays: m.key_edit_rotation,
}

/** A field’s value in one line. */
export function describeField(field: EditField, values: EditFields): string {
  const none = m.key_edit_nothing()
  switch (field) {
    case 'scopes':
      return values.scopes.join(', ') || none
    case 'rateLimits':
      return (
        values.rateLimits.map(({ limit, window, unit }) => `${limit} / ${window} ${unit}`).join(', ') || none
      )
    case 'quota': {
      const { period, limit } = values.quota
      return period === '' ? none : `${limit}, ${quotaPeriods[period]()}`
    }
    case 'blockBrowsers':
      return values.blockBrowsers ? m.key_browsers_blocked() : m.key_browsers_allowed()
    case 'expiresAt':
    case 'notBefore':
      return values[field].replace('T', ' ') || none
    case 'allowedIps':
    case 'allowedOrigins':
      return values[field].replaceAll('\n', ', ') || none
    default:
      return values[field] || none
  }
}
