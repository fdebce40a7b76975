import { StoreUnavailable } from '@latchkey/fastify'
import { isAPIError } from 'better-auth/api'
import { DrizzleQueryError } from 'drizzle-orm'

/** How postgres.js and Node name a connection that could not be made or was lost, as CONNECT_TIMEOUT, ECONNRESET. */
const connectionCode = /^(?:CONNECT|E[A-Z]+$)/

/**
 * Whether a request failed because the database did. Then it is answered with "try again", never with an answer
 * that only looks like one. better-auth wraps what the database throws into errors of its own; every refusal of
 * its that means something was read where it was called, so what is left over is trouble too.
 */
export function isDatabaseTrouble(error: unknown): boolean {
  if (error instanceof DrizzleQueryError || error instanceof StoreUnavailable || isAPIError(error)) {
    return true
  }
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return severity !== undefined || (typeof code === 'string' && connectionCode.test(code))
}
