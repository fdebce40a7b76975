import type { FastifyBaseLogger } from 'fastify'

/**
 * Logs an unexpected failure by what helps to find it: its kind, its codes and where it was thrown. Drivers and
 * Drizzle put statements and their parameters into messages, causes and properties of their own, and with them
 * secrets and people's data, so of those nothing is logged.
 */
export function logFailure(log: FastifyBaseLogger, thrown: unknown, what: string): void {
  log.error({ failure: describeFailure(thrown) }, what)
}

function describeFailure(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { kind: typeof thrown }
  const { code, sqlState } = thrown as { code?: unknown; sqlState?: unknown }
  return {
    kind: thrown.name,
    ...(typeof code === 'string' && { code }),
    ...(typeof sqlState === 'string' && { sqlState }),
    ...(isOrdinary(thrown) && { message: thrown.message }),
    at: stackFrames(thrown),
  }
}

/** Whether a message is plain words. An error of a driver, one that holds a statement or wraps another may quote it. */
function isOrdinary(error: Error): boolean {
  return error.cause === undefined && !['severity', 'query', 'parameters'].some((field) => field in error)
}

function stackFrames(error: Error): string[] {
  const lines = error.stack?.split('\n').map((line) => line.trim()) ?? []
  return lines.filter((line) => /^at .+:\d+:\d+\)?$/.test(line)).slice(0, 8)
}
