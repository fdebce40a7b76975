import { existsSync } from 'node:fs'

/** Where util-linux's `script` is, which runs a program in a terminal of its own, or undefined when there is none. */
export const scriptPath: string | undefined = ['/usr/bin/script', '/bin/script'].find(
  (path) => process.platform === 'linux' && existsSync(path),
)
