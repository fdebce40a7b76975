/** How a command ends; told in docs/cli.md. A code never changes its meaning. */
export const EXIT = {
  ok: 0,
  /** It was refused or went wrong; or something of it did. */
  failed: 1,
  /** It was called wrongly: nothing was done. */
  usage: 2,
  /** The database could not be asked: try again later. */
  unavailable: 3,
  /** `verify`: the key is not good. */
  notGood: 4,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
  /** Whoever read the output stopped reading, as `head` does. */
  outputClosed: 141,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
