import { existsSync } from 'node:fs'

/** Where PgBouncer is, or undefined when this machine has none. */
export const pgbouncerPath: string | undefined = [
  process.env['PGBOUNCER_PATH'],
  '/usr/sbin/pgbouncer',
  '/usr/bin/pgbouncer',
  '/usr/local/bin/pgbouncer',
  '/opt/homebrew/bin/pgbouncer',
].find((path) => path !== undefined && path !== '' && existsSync(path))
