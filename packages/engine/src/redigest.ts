/** A secret that is stored anew. */
export interface Move {
  from: string
  to: string
}

/** What {@link createRedigest} needs from outside. */
export interface RedigestOptions {
  /** Stores those that are still as they were. */
  save: (moves: readonly Move[]) => Promise<number>
  /** Told once when trouble begins. */
  onError: (error: Error) => void
  pauseMs?: number
}

/** Every node hears of both hashes of each move one by one, so as many are told a second as an import may tell. */
export const MAX_MOVES = 500
export const PAUSE_MS = 125
/** A move that finds no room is asked for again when its key is read the next time, within a minute. */
const MAX_WAITING = 10_000

/** Stores secrets under the current pepper behind the back of the requests that showed them. */
export interface Redigest {
  add(move: Move): void
  /** Stores no more, when what is being stored is. */
  stop(): Promise<void>
}

/** Makes what stores them, a batch at a time. Nothing waits for it, and what it could not store it is asked for again. */
export function createRedigest({ save, onError, pauseMs = PAUSE_MS }: RedigestOptions): Redigest {
  const waiting = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let saving: Promise<void> | undefined
  let isStopped = false
  let isFailing = false

  function schedule(): void {
    if (isStopped || timer !== undefined || saving !== undefined || waiting.size === 0) return
    timer = setTimeout(() => {
      timer = undefined
      saving = saveBatch().finally(() => {
        saving = undefined
        schedule()
      })
    }, pauseMs).unref()
  }

  async function saveBatch(): Promise<void> {
    const batch = [...waiting].slice(0, MAX_MOVES).map(([from, to]) => ({ from, to }))
    for (const { from } of batch) waiting.delete(from)
    try {
      await save(batch)
      isFailing = false
    } catch (error) {
      if (!isFailing) onError(error as Error)
      isFailing = true
    }
  }

  return {
    add({ from, to }) {
      if (waiting.size < MAX_WAITING) waiting.set(from, to)
      schedule()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await saving
    },
  }
}
