import type { CreateFormData } from './create.ts'
import { presetExpiry } from './expiry.ts'
import { presetScopes } from './scope-choice.ts'

/** What somebody entered, as the form has it. */
export interface CreateValues {
  name: string
  kind: 'secret' | 'publishable'
  environment: 'live' | 'test'
  scopes: string[]
  /** Days, `custom` or `never`. */
  expiresIn: string
  /** A date and time in UTC without its zone, as `<input type="datetime-local">` has it. */
  expiresAt: string
  startsAt: string
  notBefore: string
  rateLimits: { limit: string; windowSeconds: string }[]
  quotaLimit: string
  quotaPeriod: string
  /** One entry a line. */
  allowedIps: string
  allowedOrigins: string
  blockBrowsers: boolean
  rotateEveryDays: string
}

/** How the form begins. */
export const blankValues = ({ scopes, mayBeLive, policy, startsAt }: CreateFormData): CreateValues => ({
  name: '',
  kind: 'secret',
  environment: mayBeLive ? 'live' : 'test',
  scopes: presetScopes(scopes, 'read'),
  expiresIn: presetExpiry(policy),
  expiresAt: '',
  startsAt,
  notBefore: '',
  rateLimits: [],
  quotaLimit: '',
  quotaPeriod: 'month',
  allowedIps: '',
  allowedOrigins: '',
  blockBrowsers: false,
  rotateEveryDays: '',
})

/** Reads the form, on the server when it was sent and in the browser while it is filled in. */
export function readValues(form: FormData): CreateValues {
  const text = (name: string) => textOf(form.get(name))
  const limits = form.getAll('rateLimit').map(textOf)
  const windows = form.getAll('rateLimitWindow').map(textOf)
  const startsAt = text('startsAt')
  return {
    name: text('name').trim(),
    kind: text('kind') === 'publishable' ? 'publishable' : 'secret',
    environment: text('environment') === 'test' ? 'test' : 'live',
    scopes: form.getAll('scopes').map(textOf),
    expiresIn: text('expiresIn'),
    expiresAt: text('expiresAt'),
    startsAt: Number.isNaN(Date.parse(startsAt)) ? new Date().toISOString() : startsAt,
    notBefore: text('notBefore'),
    rateLimits: limits
      .map((limit, index) => ({ limit, windowSeconds: windows[index] ?? '' }))
      .filter(({ limit }) => limit !== ''),
    quotaLimit: text('quotaLimit'),
    quotaPeriod: text('quotaPeriod'),
    allowedIps: text('allowedIps'),
    allowedOrigins: text('allowedOrigins'),
    blockBrowsers: form.has('blockBrowsers'),
    rotateEveryDays: text('rotateEveryDays'),
  }
}

/** Empty for a missing field, and for a file that somebody sent in its place. */
const textOf = (value: FormDataEntryValue | null): string => (typeof value === 'string' ? value.trim() : '')
