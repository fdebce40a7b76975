import type { ApiKey, Quota } from '@latchkey/client'
import { toWallTime } from '#lib/wall-time.ts'
import type { KeyDetails } from '../key-details.ts'

export const windowUnits = { second: 1, minute: 60, hour: 3600 } as const
export type WindowUnit = keyof typeof windowUnits

/** A rate limit as it stands in the form. */
export interface RateLimitFields {
  name: string
  limit: string
  window: string
  unit: WindowUnit
}

/** What the form holds, as it was typed. */
export interface EditFields {
  name: string
  scopes: string[]
  /** On the clock of the form’s time zone; empty for never. */
  expiresAt: string
  notBefore: string
  rateLimits: RateLimitFields[]
  quota: {
    /** Empty for no quota. */
    period: Quota['period'] | ''
    limit: string
    timeZone: string
    anchorDay: string
    /** Empty to leave it as it is. */
    remaining: string
  }
  /** One a line. */
  allowedIps: string
  allowedOrigins: string
  blockBrowsers: boolean
  rotateEveryDays: string
}

export type EditField = keyof EditFields

export const editFieldNames = [
  'name',
  'scopes',
  'expiresAt',
  'notBefore',
  'rateLimits',
  'quota',
  'allowedIps',
  'allowedOrigins',
  'blockBrowsers',
  'rotateEveryDays',
] as const satisfies EditField[]

/** A key as the form shows it. */
export const fieldsOf = (key: KeyDetails, timeZone: string): EditFields => ({
  name: key.name,
  scopes: [...key.scopes].sort(),
  expiresAt: key.expiresAt ? toWallTime(key.expiresAt, timeZone) : '',
  notBefore: key.notBefore ? toWallTime(key.notBefore, timeZone) : '',
  rateLimits: key.rateLimits.map(rateLimitFields),
  quota: {
    period: key.quota?.period ?? '',
    limit: String(key.quota?.limit ?? ''),
    timeZone: key.quota?.timeZone ?? timeZone,
    anchorDay: String(key.quota?.anchorDay ?? '1'),
    remaining: '',
  },
  allowedIps: key.allowedIps.join('\n'),
  allowedOrigins: key.allowedOrigins.join('\n'),
  blockBrowsers: key.blockBrowsers,
  rotateEveryDays: String(key.rotateEveryDays ?? ''),
})

function rateLimitFields({ name, limit, windowSeconds }: ApiKey['rateLimits'][number]): RateLimitFields {
  const unit =
    (['hour', 'minute'] as const).find((one) => windowSeconds % windowUnits[one] === 0) ?? ('second' as const)
  return { name, limit: String(limit), window: String(windowSeconds / windowUnits[unit]), unit }
}

export const isSame = (field: EditField, one: EditFields, other: Partial<EditFields>): boolean =>
  JSON.stringify(one[field]) === JSON.stringify(other[field])
