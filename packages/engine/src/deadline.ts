import { StoreUnavailable } from './store-unavailable.ts'

/**
 * Waits for the database no longer than this. What was sent to it may still happen.
 *
 * @param onOverdue told when the time is over.
 * @throws StoreUnavailable, for a failure as well as for a late answer.
 */
export async function within<T>(deadlineMs: number, work: Promise<T>, onOverdue?: () => void): Promise<T> {
  const overdue = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    onOverdue?.()
    overdue.reject(new StoreUnavailable(`The key store did not answer within ${deadlineMs} ms.`))
  }, deadlineMs)
  try {
    return await Promise.race([work, overdue.promise])
  } catch (error) {
    throw StoreUnavailable.from(error)
  } finally {
    clearTimeout(timer)
  }
}
