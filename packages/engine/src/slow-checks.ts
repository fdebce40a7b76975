import { availableParallelism } from 'node:os'
import { checkSlowHash, type SlowHash } from './slow-hash.ts'
import { StoreUnavailable } from './store-unavailable.ts'

/** libuv has four threads, for files and names as well, and the event loop needs a processor of its own. */
const MAX_RUNNING = Math.max(1, Math.min(2, availableParallelism() - 1))
const MAX_WAITING = 100
const DEADLINE_MS = 2_000

/** Whether a text has a slow hash. Rejects with StoreUnavailable when too many others ask. */
export type CheckSlowly = (text: string, hash: SlowHash, isSuspect: boolean) => Promise<boolean>

/** What {@link createSlowChecks} needs from outside. */
export interface SlowChecksOptions {
  check?: (text: string, hash: SlowHash) => Promise<boolean>
  maxRunning?: number
  maxWaiting?: number
  deadlineMs?: number
}

interface Waiting {
  text: string
  hash: SlowHash
  sinceMs: number
  resolve: (isRight: boolean) => void
  reject: (error: unknown) => void
}

/**
 * Checks slow hashes, a few at once, so that a flood of guesses takes no more of the machine than that. Clients
 * that presented many wrong secrets wait until nobody else does. Who would wait too long hears so.
 */
export function createSlowChecks(options: SlowChecksOptions = {}): CheckSlowly {
  const { check = checkSlowHash, maxRunning = MAX_RUNNING } = options
  const { maxWaiting = MAX_WAITING, deadlineMs = DEADLINE_MS } = options
  const waiting: Waiting[] = []
  const waitingSuspects: Waiting[] = []
  let running = 0

  async function run({ text, hash, resolve, reject }: Waiting): Promise<void> {
    running++
    try {
      resolve(await check(text, hash))
    } catch (error) {
      reject(error)
    } finally {
      running--
      runNext()
    }
  }

  function runNext(): void {
    while (running < maxRunning) {
      const next = waiting.shift() ?? waitingSuspects.shift()
      if (next === undefined) return
      if (performance.now() - next.sinceMs > deadlineMs) next.reject(tooMany())
      else void run(next)
    }
  }

  return function checkSlowly(text, hash, isSuspect) {
    const queue = isSuspect ? waitingSuspects : waiting
    if (queue.length >= maxWaiting) return Promise.reject(tooMany())
    return new Promise((resolve, reject) => {
      queue.push({ text, hash, sinceMs: performance.now(), resolve, reject })
      runNext()
    })
  }
}

function tooMany(): StoreUnavailable {
  return new StoreUnavailable('Too many slow hashes of imported keys are being checked at once.')
}
