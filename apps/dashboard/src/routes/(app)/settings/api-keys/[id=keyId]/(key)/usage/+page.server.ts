import { requireSession } from '#lib/server/require-session.ts'
import { loadRoutes } from '../../usage-view/load-routes.ts'
import { loadUsage } from '../../usage-view/load-usage.ts'
import { readPeriod } from '../../usage-view/periods.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireSession(event)
  const period = readPeriod(event.url.searchParams.get('period'))
  const { id } = event.params
  const [usage, routes] = await Promise.all([loadUsage(event, id, period), loadRoutes(event, id)])
  return { period, usage, routes }
}
