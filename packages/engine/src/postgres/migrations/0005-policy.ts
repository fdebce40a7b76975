import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'
import { createRecorder, createTrigger } from './0002-changes.ts'

const TOUCHED_BY_OWNERS = `select added.namespace, known_hashes.hash, false as is_loss
  from removed join added using (id) join latchkey.known_hashes on known_hashes.owner_id = added.id
  where removed.scopes is distinct from added.scopes
  union all
  select removed.namespace, null::bytea, false
  from removed left join added using (id, namespace, owner) where added.id is null`

/** What holds for all keys of an owner, and keys that become good later. */
export const policyMigration: Migration = {
  version: 5,
  name: 'policy',
  statements: [
    // Null in scopes: whatever the keys say; in expiry_policy: whatever the host says.
    sql`alter table latchkey.owners add column scopes text, add column expiry_policy jsonb`,
    sql`alter table latchkey.keys add column not_before timestamptz(3)`,

    // As before when an owner is renamed: every key of the namespace, by whatever name it was known. What an owner
    // may do concerns its keys alone, and how long keys may live concerns none that exists.
    sql`drop trigger record_changed_owners on latchkey.owners`,
    sql`drop function latchkey.record_changed_owners()`,
    createRecorder('record_changed_owners', `(${TOUCHED_BY_OWNERS}) as touched`, TOUCHED_BY_OWNERS),
    createTrigger(
      'record_changed_owners',
      'update on latchkey.owners',
      'old table as removed new table as added',
    ),
  ],
}
