import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Which keys an owner lets people hand out. */
export const issuePolicyMigration: Migration = {
  version: 17,
  name: 'issue policy',
  statements: [
    // Null: whatever people may hand out.
    sql`alter table latchkey.owners add column issue_policy jsonb`,
  ],
}
