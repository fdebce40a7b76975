import { isAPIError } from 'better-auth/api'

/** What better-auth refused, by its own code; any other error is thrown on. */
export function refusalOf(error: unknown): string {
  const code: unknown = isAPIError(error) && error.statusCode < 500 ? error.body?.code : undefined
  if (typeof code !== 'string') throw error
  return code
}
