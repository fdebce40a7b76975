import { existsSync } from 'node:fs'

/**
 * Where Chromium is, or undefined when this machine has none. Debian's headless shell is the same Chromium without the
 * windows around its pages, and needs half of the processor's time.
 */
export const chromiumPath: string | undefined = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path))
