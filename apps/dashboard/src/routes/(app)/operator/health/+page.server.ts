import { operatorAnswer } from '../operator-answer.server.ts'
import { requireOperator } from '../require-operator.server.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireOperator(event)
  const health = operatorAnswer(event, await event.locals.api.GET('/v1/operator/health'))
  return { health, now: Date.now() }
}
