/** What opens with keys: a route, and the scopes that it asks for. */
export interface KeyRoute {
  readonly method: string
  readonly path: string
  /** A key needs all of these. */
  readonly scopes: readonly string[]
  /** And one of these, if there are any. */
  readonly anyScope: readonly string[]
}

/** How often one key opened one route on one day: what is stored. */
export interface RouteUse {
  readonly route: KeyRoute
  readonly id: string
  /** Of UTC, as `2026-11-27`. */
  readonly day: string
  readonly count: number
}

/** Uses that are stored together; one that is sent again keeps its number, so that it is never counted twice. */
export interface RouteUseBatch {
  readonly sequence: number
  readonly uses: readonly RouteUse[]
}

/** Counts for one route. */
export interface RouteCounter {
  /** Counts a request that a key has opened. It costs one look into a map, and never waits. */
  count(id: string): void
}

/** What {@link createRouteUses} needs from outside. */
export interface RouteUsesOptions {
  /** Stores a batch unless one of the same or a higher number was stored before. */
  save: (batch: RouteUseBatch) => Promise<void>
  now: () => number
}

/** Counts in memory which routes keys open, apart from the verdicts, which stay as quick as they are. */
export interface RouteUses {
  /** The counter of a route; the same one for the same route. */
  readonly counterOf: (route: KeyRoute) => RouteCounter
  /** Stores everything counted so far. What could not be stored is kept for the next time. */
  flush(): Promise<void>
}

const MAX_BATCH = 500
/** Keys that one route counts between two flushes, and uses that wait while the store is away. More are left out. */
const MAX_KEYS = 20_000
const MAX_WAITING = 50_000
/** Services choose what they ask for, so there may be any number of combinations; one that comes when there are this many is not counted. */
const MAX_ROUTES = 2_000

/** An object, so that one more request is one look into the map and not two. */
interface Use {
  count: number
}

const NOBODY: RouteCounter = { count: () => undefined }

export function createRouteUses({ save, now }: RouteUsesOptions): RouteUses {
  const counters = new Map<string, { route: KeyRoute; uses: Map<string, Use>; counter: RouteCounter }>()
  let waiting: RouteUse[] = []
  let batch: RouteUseBatch | null = null
  let sequence = 0
  let isSending = false
  let sent = Promise.resolve()

  function take(): void {
    const day = new Date(now()).toISOString().slice(0, 10)
    for (const entry of counters.values()) {
      if (entry.uses.size === 0) continue
      for (const [id, { count }] of entry.uses) {
        if (waiting.length < MAX_WAITING) waiting.push({ route: entry.route, id, day, count })
      }
      entry.uses.clear()
    }
  }

  async function send(): Promise<void> {
    isSending = true
    try {
      for (;;) {
        if (batch === null && waiting.length > 0) {
          batch = { sequence: ++sequence, uses: waiting.slice(0, MAX_BATCH) }
          waiting = waiting.slice(MAX_BATCH)
        }
        if (batch === null) return
        await save(batch)
        batch = null
      }
    } finally {
      // Possibly before the caller has its promise: with nothing to send, there is nothing to wait for.
      isSending = false
    }
  }

  return {
    counterOf(route) {
      const name = JSON.stringify([route.method, route.path, route.scopes, route.anyScope])
      const known = counters.get(name)
      if (known !== undefined) return known.counter
      if (counters.size >= MAX_ROUTES) return NOBODY
      const uses = new Map<string, Use>()
      const counter: RouteCounter = {
        count(id) {
          const use = uses.get(id)
          if (use !== undefined) use.count++
          else if (uses.size < MAX_KEYS) uses.set(id, { count: 1 })
        },
      }
      counters.set(name, { route, uses, counter })
      return counter
    },

    flush() {
      take()
      if (!isSending) sent = send()
      return sent
    },
  }
}
