import { requireOperator } from '../require-operator.server.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireOperator(event)
}
