import { within } from '../deadline.ts'
import { hashFromBytes } from '../secret.ts'
import { START, type Change, type ChangeLog, type LogReading } from './change-log.ts'
import type { Database } from './database.ts'
import { createListener } from './listener.ts'
import { createSweeper } from './sweeper.ts'

/** The channel on which the triggers of `latchkey.keys` announce what they record. */
const CHANNEL = 'latchkey_changes'

/** How often the log is read; and how often where nothing can be heard, so that reading is all there is. */
const READ_INTERVAL_MS = 1_000
const READ_INTERVAL_UNHEARD_MS = 500
const READ_DEADLINE_MS = 3_000
const WRITE_DEADLINE_MS = 1_000
/** Less than the log is kept for. After a longer gap something may be missing. */
const MAX_GAP_MS = 50_000
/** A change that was read will be heard by then, or never. */
const DEAF_AFTER_MS = 2_500
/** A change that was heard has been read by then, so it need not be recognised any longer. */
const REMEMBERED_READINGS = 3
const MAX_REMEMBERED = 10_000

/** What {@link followChanges} needs from outside. */
export interface ChangeFeedOptions {
  database: Database
  log: ChangeLog
  namespace: string
  /** The key with this hash appeared, changed or went. */
  onChange: (hash: string) => void
  /** Any key may have changed. */
  onGap: () => void
  /** Every change made before this moment, by the clock `now`, has been told. */
  onCurrent: (atMs: number) => void
  now: () => number
  /** Told once when trouble begins. */
  onError: (error: Error) => void
}

/** A node's ear for the changes that all nodes make. */
export interface ChangeFeed {
  /** Tells whoever waits for a receipt that this node has dropped the change. Resolves, never rejects, when it is told. */
  confirm(sequence: number): Promise<void>
  /** Hears no more, and signs this node off. */
  stop(): Promise<void>
}

/**
 * Follows every change of the namespace's keys from now on, whoever makes it: by notification, within
 * milliseconds; and by reading the log once a second, which finds what no notification brought. Each reading also
 * says that this node is alive.
 *
 * @throws StoreUnavailable when the log cannot be read at first. Of later trouble `onError` is told.
 */
export async function followChanges(options: ChangeFeedOptions): Promise<ChangeFeed> {
  const { database, log, namespace, onChange, onGap, onCurrent, now, onError } = options
  const confirmations = createConfirmations(log)
  const sweepNowAndThen = createSweeper({ sweep: (oldestOpen) => log.sweep(oldestOpen) })
  /** Changes that were dropped, and at which reading: each comes twice, heard and read, in either order. */
  const dropped = new Map<number, number>()
  /** Changes that were read but not heard, and since when. */
  const unheard = new Map<number, number>()
  let last: LogReading | null = null
  let readings = 0
  /** Counts the connections that listened; and the newest of them during which the log has been read. */
  let listenings = 0
  let caughtUp = 0
  let isFailing = false
  let hasToldOfDeafness = false

  const listener =
    database.listen &&
    createListener({
      listen: database.listen,
      channel: CHANNEL,
      onMessage: hear,
      onListening() {
        listenings += 1
        unheard.clear()
        // After a failover numbers may be given a second time.
        dropped.clear()
        loop.runSoon()
      },
      onError,
    })
  const loop = createLoop(attemptRead, listener ? READ_INTERVAL_MS : READ_INTERVAL_UNHEARD_MS)

  function hear(payload: string): void {
    const [sequence, wantsReceipt, hash = '*', ...rest] = payload.split(' ')
    if (rest.join(' ') !== namespace) return
    unheard.delete(Number(sequence))
    drop({ sequence: Number(sequence), hash: hash === '*' ? null : hash, wantsReceipt: wantsReceipt === '1' })
  }

  function drop({ sequence, hash, wantsReceipt }: Change): void {
    if (dropped.has(sequence)) return
    dropped.set(sequence, readings)
    if (hash === null) onGap()
    else onChange(hashFromBytes(Buffer.from(hash, 'base64url')))
    if (wantsReceipt) confirmations.add(sequence)
  }

  async function read(): Promise<void> {
    const listening = listener?.isListening() ? listenings : 0
    // A change that is new to this reading was made after the last one. If that one was listening, so must be heard.
    const mustBeHeard = listening !== 0 && listening === caughtUp
    const startedAt = now()
    const work = log.read(last?.position ?? START, listening !== 0)
    const reading = await within(READ_DEADLINE_MS, work, () => database.reportOverdue())
    readings += 1
    if (reading.isCut || (last !== null && hasGap(last, reading))) {
      onGap()
      dropped.clear()
    }
    last = reading
    for (const change of reading.changes) {
      const isNews = !dropped.has(change.sequence)
      if (isNews && mustBeHeard && listening === listenings) {
        unheard.set(change.sequence, performance.now())
      }
      drop(change)
    }
    onCurrent(startedAt)
    caughtUp = listening
    for (const [sequence, at] of dropped) if (at + REMEMBERED_READINGS < readings) dropped.delete(sequence)
    await within(READ_DEADLINE_MS, sweepNowAndThen(reading))
  }

  async function attemptRead(): Promise<void> {
    try {
      await read()
      isFailing = false
    } catch (error) {
      if (!isFailing) onError(error as Error)
      isFailing = true
      if (dropped.size > MAX_REMEMBERED) dropped.clear()
    }
    if (isDeaf()) replaceListener()
  }

  function isDeaf(): boolean {
    if (listener?.isListening() !== true) return false
    const heardBefore = performance.now() - DEAF_AFTER_MS
    return [...unheard.values()].some((since) => since < heardBefore)
  }

  function replaceListener(): void {
    unheard.clear()
    listener?.replace()
    if (!hasToldOfDeafness) {
      onError(
        new Error(
          'A change of a key was stored, but no notification of it came. Changes are found by asking, up to a ' +
            'second later. If the database is reached through a pooler, add "pgbouncer=true" to its URL.',
        ),
      )
    }
    hasToldOfDeafness = true
  }

  await listener?.start()
  try {
    await read()
  } catch (error) {
    await listener?.stop()
    throw error
  }
  loop.start()

  return {
    confirm(sequence) {
      if (!dropped.has(sequence)) {
        dropped.set(sequence, readings)
        confirmations.add(sequence)
      }
      return confirmations.settled()
    },
    async stop() {
      // In this order, for each reading signs this node on.
      const leaving = loop.stop().then(() => log.leave())
      const left = within(WRITE_DEADLINE_MS, leaving).catch(() => undefined)
      await Promise.all([left, listener?.stop(), confirmations.settled()])
    },
  }
}

/** Another server answered, which may not know what the last one knew; or the log no longer goes back so far. */
function hasGap(before: LogReading, after: LogReading): boolean {
  return before.server !== after.server || after.at - before.at > MAX_GAP_MS
}

/** Stores confirmations, one statement at a time, however many come meanwhile. One that fails is not tried again. */
function createConfirmations(log: ChangeLog) {
  let waiting: number[] = []
  let writing: Promise<void> | null = null

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await within(WRITE_DEADLINE_MS, log.acknowledge(batch)).catch(() => undefined)
    }
    writing = null
  }

  return {
    add(sequence: number): void {
      waiting.push(sequence)
      writing ??= writeAll()
    },
    settled: () => writing ?? Promise.resolve(),
  }
}

/** Runs something again and again, never twice at once, with pauses that keep no process alive. */
function createLoop(run: () => Promise<void>, pauseMs: number) {
  let running = Promise.resolve()
  let isStopped = false
  let isAsked = false
  let endPause: () => void = () => undefined

  function pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, pauseMs).unref()
    endPause = () => {
      clearTimeout(timer)
      resolve()
    }
    return promise
  }

  async function loop(): Promise<void> {
    while (!isStopped) {
      if (!isAsked) await pause()
      isAsked = false
      if (!isStopped) await run()
    }
  }

  return {
    start(): void {
      isAsked = false
      running = loop()
    },
    runSoon(): void {
      isAsked = true
      endPause()
    },
    stop(): Promise<void> {
      isStopped = true
      endPause()
      return running
    },
  }
}
