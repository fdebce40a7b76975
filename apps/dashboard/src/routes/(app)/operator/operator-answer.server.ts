import { redirect, type RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'

/** The data of an answer to an operator; one without a second factor is told to set one up. */
export function operatorAnswer<Data>(
  event: RequestEvent,
  result: { data?: Data; error?: { detail: string; code: string }; response: Response },
): Data {
  if (result.error?.code === 'second_factor_needed') redirect(303, '/operator/second-factor')
  return answer(event, result)
}
