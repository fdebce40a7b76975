import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Python is, or undefined when this machine has none. */
export const pythonPath: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'python3'))
  .find((path) => existsSync(path))
