import type { UpdateApiKey } from '@latchkey/client'
import { m } from '#lib/paraglide/messages.js'
import { fromWallTime } from '#lib/wall-time.ts'
import { editFieldNames, isSame, windowUnits, type EditField, type EditFields } from './edit-fields.ts'
import { lines } from './read-fields.ts'

export type EditErrors = Partial<Record<EditField, string>>

export interface Changes {
  /** Only what is different from what the form was made from: what others change meanwhile stays. */
  body: UpdateApiKey
  errors: EditErrors
}

const longestName = 64

/** What to ask of the API, or what cannot be asked. The API has the last word on everything. */
export function changesOf(values: EditFields, base: Partial<EditFields>, timeZone: string): Changes {
  const errors: EditErrors = {}
  const convert: { [Field in EditField]: () => UpdateApiKey } = {
    name() {
      if (values.name === '') errors.name = m.create_error_name_missing()
      else if ([...values.name].length > longestName) errors.name = m.create_error_name_long()
      return { name: values.name }
    },
    scopes: () => ({ scopes: values.scopes }),
    expiresAt: () => ({ expiresAt: moment('expiresAt') }),
    notBefore: () => ({ notBefore: moment('notBefore') }),
    rateLimits: () => ({ rateLimits: values.rateLimits.map(rateLimit) }),
    quota: () => ({ quota: quota() }),
    allowedIps: () => ({ allowedIps: lines(values.allowedIps) }),
    allowedOrigins: () => ({ allowedOrigins: lines(values.allowedOrigins) }),
    blockBrowsers: () => ({ blockBrowsers: values.blockBrowsers }),
    rotateEveryDays: () => ({
      rotateEveryDays:
        values.rotateEveryDays === '' ? null : whole(values.rotateEveryDays, 'rotateEveryDays'),
    }),
  }

  function moment(field: 'expiresAt' | 'notBefore'): string | null {
    if (values[field] === '') return null
    const found = fromWallTime(values[field], timeZone)
    if (found === null) errors[field] = m.key_error_moment()
    return found
  }

  function whole(text: string, field: EditField): number {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : 0
    if (number < 1) errors[field] ??= m.key_error_number()
    return number
  }

  function rateLimit({ name, limit, window, unit }: EditFields['rateLimits'][number]) {
    const windowSeconds = whole(window === '' ? '1' : window, 'rateLimits') * windowUnits[unit]
    return { name: name || nameOf(windowSeconds), limit: whole(limit, 'rateLimits'), windowSeconds }
  }

  function quota(): UpdateApiKey['quota'] {
    const { period, limit, timeZone: zone, anchorDay, remaining } = values.quota
    if (period === '') return null
    if (remaining !== '' && !/^\d{1,13}$/.test(remaining)) errors.quota = m.key_error_remaining()
    return {
      period,
      limit: whole(limit, 'quota'),
      ...(zone !== '' && { timeZone: zone }),
      ...(period === 'month' && { anchorDay: whole(anchorDay === '' ? '1' : anchorDay, 'quota') }),
      ...(remaining !== '' && { remaining: Number(remaining) }),
    }
  }

  const changed = editFieldNames.filter((field) => !isSame(field, values, base))
  const body = Object.assign({}, ...changed.map((field) => convert[field]())) as UpdateApiKey
  return { body, errors }
}

/** A limit needs a name, by which replies tell which one was reached. */
function nameOf(windowSeconds: number): string {
  for (const [unit, seconds] of Object.entries(windowUnits))
    if (seconds === windowSeconds) return `per-${unit}`
  return `per-${windowSeconds}-seconds`
}
