/** What a program says to the one that started it, and what it was told by it. */
export function settingsOf<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings
}

/** Says something to the process that started this one. */
export function say(message: object): void {
  process.send!(message)
}

/** Ends with the process that started this one, and when it is told to. */
export function endWithParent(close: () => Promise<unknown> = () => Promise.resolve()): void {
  const end = () => void close().finally(() => process.exit())
  process.once('disconnect', end)
  process.once('SIGTERM', end)
}
