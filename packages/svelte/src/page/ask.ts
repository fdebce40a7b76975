import type { Problem } from '@latchkey/client'

/** Why the host gave no data. */
export type Failure = 'signed-out' | 'forbidden' | 'unavailable' | 'broken'

/** What came of a call. A refusal has the host’s problem document, where there is one. */
export type Answer<Data> =
  { ok: true; data: Data; response: Response } | { ok: false; failure: Failure; problem: Problem | null }

interface Reply<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** Takes what a call of the client comes to as one value, also where no answer came. */
export async function ask<Data>(call: Promise<Reply<Data>>): Promise<Answer<Data>> {
  try {
    const { data, error, response } = await call
    if (data !== undefined && response.ok) return { ok: true, data, response }
    return { ok: false, failure: failureOf(response.status), problem: isProblem(error) ? error : null }
  } catch {
    return { ok: false, failure: 'unavailable', problem: null }
  }
}

function failureOf(status: number): Failure {
  if (status === 401) return 'signed-out'
  if (status === 403) return 'forbidden'
  return status === 429 || (status >= 502 && status <= 504) ? 'unavailable' : 'broken'
}

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'code' in error
