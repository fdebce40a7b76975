import { formatInstant } from './dates.ts'
import type { KeySummary } from './key-summary.ts'
import { m } from '#paraglide/messages.js'

/** When a key was created, and by whom if that is known. */
export function createdText({ createdAt, createdBy }: KeySummary, nowMs: number): string {
  const time = formatInstant(createdAt, nowMs)
  return createdBy ? m.keys_created_at_by({ time, name: createdBy }) : time
}
