import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Where keys may be used, and keys that everybody may read. */
export const placesMigration: Migration = {
  version: 9,
  name: 'places',
  statements: [
    // Null in kind: a secret one; in allowed_*: everywhere; in block_browsers: no. Neither an address nor an origin holds
    // a space, so lists of them are kept as scopes are.
    sql`alter table latchkey.keys
      add column kind text,
      add column allowed_ips text,
      add column allowed_origins text,
      add column block_browsers boolean`,
  ],
}
