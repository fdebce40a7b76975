import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** The keys by which tokens are signed. */
export const signingKeysMigration: Migration = {
  version: 13,
  name: 'signing keys',
  statements: [
    // Both halves of a key are in `sealed`, encrypted with what the database does not hold.
    sql`create table latchkey.signing_keys (
      created_at timestamptz(3) not null default now(),
      signs_from timestamptz(3) not null,
      namespace text not null,
      kid text not null,
      sealed bytea not null,
      primary key (namespace, kid)
    )`,
  ],
}
