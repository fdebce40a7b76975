import type { KeySummary } from '../key-summary.ts'

const dayMs = 24 * 3600_000

/** Whether something may stop working at once with a key: it is live, and was used within a day. */
export const isInUse = (
  { environment, status, lastUsedAt }: Pick<KeySummary, 'environment' | 'status' | 'lastUsedAt'>,
  nowMs: number,
): boolean =>
  environment === 'live' &&
  status === 'active' &&
  lastUsedAt !== null &&
  nowMs - Date.parse(lastUsedAt) < dayMs

/** For `<input pattern>`: this very text. */
export const exactly = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
