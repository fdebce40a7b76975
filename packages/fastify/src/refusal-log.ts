import type { VerifiedKey } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'

/** A flood of wrong keys shall not become a flood of log lines. */
const INTERVAL_MS = 1_000

/** Makes a gate that lets one event through a second. */
export function createLogGate(): () => boolean {
  let openedAtMs = -Infinity
  return () => {
    const nowMs = performance.now()
    if (nowMs - openedAtMs < INTERVAL_MS) return false
    openedAtMs = nowMs
    return true
  }
}

/** Makes the log of refused keys: a line for each, save for clients that present many wrong ones. */
export function createRefusalLog() {
  const mayWarn = createLogGate()
  return function logRefusal(
    request: FastifyRequest,
    { reason, key }: { reason: string; key: VerifiedKey | null },
  ): void {
    if (reason !== 'too_many_attempts') request.log.info({ reason, apiKeyId: key?.id }, 'API key refused')
    else if (mayWarn()) {
      request.log.warn({ reason, ip: request.ip }, 'Many wrong API keys from one address')
    }
  }
}
