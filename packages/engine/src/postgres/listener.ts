import { within } from '../deadline.ts'
import type { Database, Listening } from './database.ts'
import { secondsBeforeReconnect } from './sockets.ts'

/** How often the connection is asked whether the other end is still there, and how soon it must answer. */
const PING_INTERVAL_MS = 3_000
const PING_DEADLINE_MS = 2_500

/** What {@link createListener} needs from outside. */
export interface ListenerOptions {
  listen: NonNullable<Database['listen']>
  channel: string
  onMessage: (payload: string) => void
  /** Listening begins, now or again. What was sent before may have been missed. */
  onListening: () => void
  /** Told once when listening does not succeed, until it does. */
  onError: (error: Error) => void
}

/** A connection that listens for as long as it is wanted, replaced whenever it breaks or goes deaf. */
export interface Listener {
  /** Resolves when it listens, or when the first attempt failed; the next are made in the background. */
  start(): Promise<void>
  isListening(): boolean
  /** Gives up the connection, which looks alive but hears nothing, for another. */
  replace(): void
  stop(): Promise<void>
}

/** Makes a listener that does not listen yet. */
export function createListener({
  listen,
  channel,
  onMessage,
  onListening,
  onError,
}: ListenerOptions): Listener {
  let current: Listening | null = null
  let failures = 0
  let isStopped = false
  let retry: NodeJS.Timeout | undefined

  async function connect(): Promise<void> {
    try {
      const listening = await listen(channel, onMessage)
      if (isStopped) return await listening.close()
      current = listening
      failures = 0
      void listening.ended.then(() => current === listening && reconnect())
      onListening()
    } catch (error) {
      if (isStopped) return
      if (failures === 0) onError(error as Error)
      failures += 1
      reconnect()
    }
  }

  function reconnect(): void {
    current = null
    if (isStopped) return
    retry = setTimeout(() => void connect(), secondsBeforeReconnect(failures) * 1_000).unref()
  }

  function replace(): void {
    if (current === null) return
    const deaf = current
    reconnect()
    void deaf.close().catch(() => undefined)
  }

  async function ping(): Promise<void> {
    const asked = current
    if (asked === null) return
    const answered = await within(PING_DEADLINE_MS, asked.ping()).then(
      () => true,
      () => false,
    )
    if (!answered && current === asked) replace()
  }

  const pings = setInterval(() => void ping(), PING_INTERVAL_MS).unref()

  return {
    start: connect,
    isListening: () => current !== null,
    replace,
    async stop() {
      isStopped = true
      clearInterval(pings)
      clearTimeout(retry)
      await current?.close().catch(() => undefined)
      current = null
    },
  }
}
