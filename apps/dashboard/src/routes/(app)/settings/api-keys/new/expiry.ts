import { formatDay } from '#lib/dates.ts'
import { texts } from './texts.ts'

export interface ExpiryChoice {
  label: string
  /** An instant, or empty for never. An instant, not a number of days: sent twice, it still means the same key. */
  value: string
  preset: boolean
}

const dayMs = 24 * 3600 * 1000
const presetDays = 90

export function expiryChoices(nowMs: number): ExpiryChoice[] {
  const choices = [30, 60, 90, 365].map((days) => {
    const value = new Date(nowMs + days * dayMs).toISOString()
    return { label: texts.choice(days, formatDay(value)), value, preset: days === presetDays }
  })
  return [...choices, { label: texts.never, value: '', preset: false }]
}
