import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Why keys were revoked, until when they can be restored, and a way to the oldest of them. */
export const lifecycleMigration: Migration = {
  version: 11,
  name: 'lifecycle',
  statements: [
    // Null in revocation_reason: unspecified; in restorable_until: never, as was said when keys were revoked before this.
    sql`alter table latchkey.keys
      add column restorable_until timestamptz(3),
      add column revocation_reason text check (revocation_reason in
        ('keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn')),
      add column revocation_note text`,
    sql`create index keys_by_revocation on latchkey.keys (revoked_at) where revoked_at is not null`,
  ],
}
