import type { RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { periods, startOf, type Period } from './period.ts'

/** Requests with keys of the workspace in one step of time. */
export interface RequestStep {
  start: string
  accepted: number
  refused: number
}

export async function loadRequests(
  event: RequestEvent,
  period: Period,
  nowMs: number,
): Promise<RequestStep[]> {
  const query = { interval: periods[period].interval, from: startOf(period, nowMs) }
  const { data } = answer(event, await event.locals.api.GET('/v1/api-keys/usage', { params: { query } }))
  return data.map(({ start, total, accepted }) => ({ start, accepted, refused: total - accepted }))
}
