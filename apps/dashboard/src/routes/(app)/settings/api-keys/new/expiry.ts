import { formatDay } from '#lib/dates.ts'
import { m } from '#lib/paraglide/messages.js'

const dayMs = 24 * 3600 * 1000

/** In days, counted from when the form was made; `never` has no date. */
export const expiryChoices = ['30', '60', '90', '365', 'never'] as const
export type ExpiryChoice = (typeof expiryChoices)[number]

export const presetExpiry: ExpiryChoice = '90'

export const isExpiryChoice = (value: string): value is ExpiryChoice =>
  expiryChoices.includes(value as ExpiryChoice)

/**
 * When a key expires; null for never. Counted from the form’s own time and not from now, so that a form that is sent
 * twice still asks for the same key.
 */
export function expiryOf(choice: ExpiryChoice, startsAt: string): string | null {
  if (choice === 'never') return null
  return new Date(Date.parse(startsAt) + Number(choice) * dayMs).toISOString()
}

export function expiryLabel(choice: ExpiryChoice, startsAt: string): string {
  const expiresAt = expiryOf(choice, startsAt)
  return expiresAt
    ? m.create_expires_choice({ days: choice, date: formatDay(expiresAt) })
    : m.create_expires_never()
}
