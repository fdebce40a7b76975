import { isAPIError } from 'better-auth/api'
import { DrizzleQueryError } from 'drizzle-orm'

/**
 * Whether a request failed because the database did. Then it is answered with "try again", never with an answer
 * that only looks like one. better-auth wraps what the database throws into errors of its own; every refusal of
 * its that means something was read where it was called, so what is left over is trouble too.
 */
export function isDatabaseTrouble(error: unknown): boolean {
  return error instanceof DrizzleQueryError || isAPIError(error)
}
