import ipaddr from 'ipaddr.js'
import type { Caller } from './caller.ts'

/** Wrong secrets that one client may present at once, and again within a minute. */
export const MAX_WRONG_SECRETS_PER_MINUTE = 100
const MS_PER_ATTEMPT = 60_000 / MAX_WRONG_SECRETS_PER_MINUTE
const BURST_MS = 60_000
const MAX_CLIENTS = 20_000

/**
 * Counts wrong secrets by the client that presents them. A client above the rate gets no more answers about
 * wrong secrets than "too many", and its look-ups wait in a queue of their own. A good key is accepted from
 * every address: whoever shares an address with an attacker is not locked out.
 */
export interface Attempts {
  /** Notes a wrong secret. @returns milliseconds to wait, when the client had too many; otherwise 0. */
  fail(caller: Caller, nowMs: number): number
  /** Whether the client has presented too many wrong secrets lately. */
  isSuspect(caller: Caller, nowMs: number): boolean
}

/** Makes a counter without counts. Memory is bounded: of more than 20,000 clients the one seen first is forgotten. */
export function createAttempts(): Attempts {
  /** For each client the moment at which its attempts are forgotten: the generic cell rate algorithm's one number. */
  const clearAtMs = new Map<string, number>()

  return {
    fail(caller, nowMs) {
      const client = clientOf(caller)
      if (client === null) return 0
      const before = clearAtMs.get(client)
      const clearAt = Math.max(before ?? nowMs, nowMs) + MS_PER_ATTEMPT
      const waitMs = clearAt - BURST_MS - nowMs
      if (waitMs > 0) return Math.ceil(waitMs)
      if (before === undefined && clearAtMs.size >= MAX_CLIENTS) {
        clearAtMs.delete(clearAtMs.keys().next().value!)
      }
      clearAtMs.set(client, clearAt)
      return 0
    },
    isSuspect(caller, nowMs) {
      if (clearAtMs.size === 0) return false
      const client = clientOf(caller)
      const clearAt = client === null ? undefined : clearAtMs.get(client)
      return clearAt !== undefined && clearAt + MS_PER_ATTEMPT - BURST_MS > nowMs
    },
  }
}

/**
 * What counts as one client: an IPv4 address, however it is written, or the /64 network of an IPv6 address, which
 * is what one subscriber gets. All without an address count as one; null when nobody knows who it is.
 */
export function clientOf({ ip }: Caller): string | null {
  if (ip === null) return null
  if (ip === undefined || !ip.includes(':')) return ip ?? ''
  const plain = ip.split('%', 1)[0]!
  if (!ipaddr.isValid(plain)) return ip
  // An IPv4 address inside an IPv6 one becomes itself, or else all of them would share one network.
  const address = ipaddr.process(plain)
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(':') : address.toString()
}
