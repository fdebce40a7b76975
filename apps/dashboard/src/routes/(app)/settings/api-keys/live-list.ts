const everyMs = 20_000
/** Coming back to the page asks at once, but not time and again. */
const leastMs = 3_000
/** Whoever has gone away stays signed in no longer than they would with any other page open. */
const restAfterMs = 10 * 60_000

interface LiveList {
  refresh: () => Promise<void>
  /** Whether to leave everything as it is for now. */
  isHeld: () => boolean
}

/** Refreshes a list while somebody looks at it: now and then, and when they come back. Returns how to stop. */
export function keepFresh({ refresh, isHeld }: LiveList): () => void {
  let [touchedMs, askedMs] = [Date.now(), Date.now()]
  let busy = false

  async function ask() {
    const now = Date.now()
    if (busy || document.hidden || isHeld() || now - askedMs < leastMs || now - touchedMs > restAfterMs)
      return
    busy = true
    askedMs = now
    try {
      await refresh()
    } finally {
      busy = false
    }
  }

  const touch = () => {
    touchedMs = Date.now()
  }
  const comeBack = () => {
    if (document.hidden) return
    touch()
    void ask()
  }
  const timer = setInterval(() => void ask(), everyMs)
  const stop = new AbortController()
  const { signal } = stop
  for (const type of ['pointerdown', 'keydown', 'wheel'])
    document.addEventListener(type, touch, { signal, passive: true, capture: true })
  document.addEventListener('visibilitychange', comeBack, { signal })
  window.addEventListener('focus', comeBack, { signal })
  return () => {
    clearInterval(timer)
    stop.abort()
  }
}
