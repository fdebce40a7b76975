import { formText } from '#lib/server/form-text.ts'
import { windowUnits, type EditFields, type RateLimitFields, type WindowUnit } from './edit-fields.ts'

const periods = ['', 'never', 'day', 'week', 'month'] as const

/** What the form holds, in the same spelling as {@link fieldsOf} has it, so that both can be compared. */
export function readFields(form: FormData): EditFields {
  const text = (name: string) => formText(form, name).trim()
  return {
    name: text('name'),
    scopes: form.getAll('scopes').map(String).sort(),
    expiresAt: text('expiresAt'),
    notBefore: text('notBefore'),
    rateLimits: readRateLimits(form),
    quota: {
      period: periods.find((period) => period === text('quotaPeriod')) ?? '',
      limit: text('quotaLimit'),
      timeZone: text('quotaTimeZone'),
      anchorDay: text('quotaAnchorDay'),
      remaining: text('quotaRemaining'),
    },
    allowedIps: lines(text('allowedIps')).join('\n'),
    allowedOrigins: lines(text('allowedOrigins')).join('\n'),
    blockBrowsers: form.get('blockBrowsers') === 'yes',
    rotateEveryDays: text('rotateEveryDays'),
  }
}

/** The form ends with an empty row for one more limit; what has no number is none. */
function readRateLimits(form: FormData): RateLimitFields[] {
  const column = (name: string) =>
    form
      .getAll(name)
      .map(String)
      .map((text) => text.trim())
  const [names, limits, windows, units] = ['Name', 'Limit', 'Window', 'Unit'].map((part) =>
    column(`rateLimit${part}`),
  )
  return (limits ?? [])
    .map((limit, index) => ({
      name: names?.[index] ?? '',
      limit,
      window: windows?.[index] ?? '',
      unit: isUnit(units?.[index]) ? units[index] : ('minute' as const),
    }))
    .filter(({ limit }) => limit !== '')
}

const isUnit = (text: string | undefined): text is WindowUnit =>
  text !== undefined && Object.hasOwn(windowUnits, text)

/** What stands on the lines of a text, and between its commas. */
export const lines = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** What the form was made from. It comes back with the form, so it may be anything: then everything counts as changed. */
export function readBase(text: string): Partial<EditFields> {
  try {
    const base: unknown = JSON.parse(text)
    return typeof base === 'object' && base !== null ? base : {}
  } catch {
    return {}
  }
}
