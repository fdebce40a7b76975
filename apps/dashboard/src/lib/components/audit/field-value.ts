import { formatSeconds, formatUtc } from '@latchkey/svelte/parts/dates.ts'
import { formatNumber } from '@latchkey/svelte/parts/numbers.ts'
import { m } from '#lib/paraglide/messages.js'
import { fieldName } from './field-words.ts'

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

/** Lists that the database keeps as one text. */
const spaced = new Set(['allowedIps', 'allowedOrigins'])

/** A field’s value for people, in lines. */
export function fieldValue(field: string, value: unknown): string[] {
  if (value === null || value === undefined || value === '') return [m.audit_value_none()]
  if (spaced.has(field) && typeof value === 'string') return value.split(' ')
  if (Array.isArray(value))
    return value.length > 0 ? value.flatMap((one) => fieldValue(field, one)) : [m.audit_value_none()]
  if (typeof value === 'boolean') return [value ? m.audit_value_yes() : m.audit_value_no()]
  if (typeof value === 'number') return [formatNumber(value)]
  if (typeof value === 'string') return [moment.test(value) ? formatUtc(value) : value]
  return objectLines(field, value)
}

function objectLines(field: string, value: object): string[] {
  if (field === 'rateLimits' && isRateLimit(value))
    return [
      `${m.key_rate_limit({ limit: formatNumber(value.limit), time: formatSeconds(value.windowSeconds) })} (${value.name})`,
    ]
  return Object.entries(value).map(
    ([name, part]) => `${fieldName(name)}: ${fieldValue(name, part).join(', ')}`,
  )
}

const isRateLimit = (value: object): value is { name: string; limit: number; windowSeconds: number } =>
  'name' in value && 'limit' in value && 'windowSeconds' in value
