import { m } from '#paraglide/messages.js'
import { formatDay, formatUtc } from '../dates.ts'

/** For how long the keys of a workspace may live. */
export interface ExpiryPolicy {
  defaultDays: number | null
  maxDays: number | null
  allowNever: boolean
}

const dayMs = 24 * 3600 * 1000
const presets = [7, 30, 60, 90, 365]
const usualDays = 90

/** The numbers of days to choose from, those included that the policy does not allow. */
export function expiryDays({ defaultDays, maxDays }: ExpiryPolicy): number[] {
  const own = [defaultDays, maxDays !== null && maxDays < Math.max(...presets) ? maxDays : null]
  return [...new Set([...presets, ...own.filter((days) => days !== null)])].sort((a, b) => a - b)
}

export const allowsDays = ({ maxDays }: ExpiryPolicy, days: number): boolean =>
  maxDays === null || days <= maxDays

export const presetExpiry = ({ defaultDays, maxDays }: ExpiryPolicy): string =>
  String(defaultDays ?? Math.min(usualDays, maxDays ?? usualDays))

/** Some days after the form was made: from its own time and not from now, so that a form sent twice asks for the same key. */
export const daysAfter = (startsAt: string, days: number): string =>
  new Date(Date.parse(startsAt) + days * dayMs).toISOString()

/** A moment as a field for date and time holds it, read as UTC; null for anything else. */
export function readUtc(text: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(text)) return null
  const moment = new Date(`${text}Z`)
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString()
}

/** What a field for date and time holds for a moment. */
export const writeUtc = (iso: string): string => iso.slice(0, 16)

/** When the key expires; null for never, undefined where nobody can tell. */
export function expiryOf(choice: {
  expiresIn: string
  expiresAt: string
  startsAt: string
}): string | null | undefined {
  const { expiresIn, expiresAt, startsAt } = choice
  if (expiresIn === 'never') return null
  if (expiresIn === 'custom') return readUtc(expiresAt) ?? undefined
  const days = Number(expiresIn)
  return Number.isInteger(days) && days > 0 && days < 40_000 ? daysAfter(startsAt, days) : undefined
}

/** What the policy asks, in a sentence; empty when it asks nothing. */
export function policyText({ maxDays, allowNever }: ExpiryPolicy): string {
  if (maxDays !== null) return m.create_expires_policy_days({ count: maxDays })
  return allowNever ? '' : m.create_expires_policy_never()
}

export const daysText = (days: number, startsAt: string): string =>
  m.create_expires_choice({ days, date: formatDay(daysAfter(startsAt, days)) })

/** What a choice comes to: “Expires 20 Feb 2027, 14:00 UTC.” */
export function expiryText(expiresAt: string | null | undefined): string {
  if (expiresAt === null) return m.create_expires_never_hint()
  return expiresAt === undefined
    ? m.create_expires_custom_hint()
    : m.create_expires_on({ date: formatUtc(expiresAt) })
}
