import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** What holds for all keys of an owner, and keys that become good later. */
export const policyMigration: Migration = {
  version: 4,
  name: 'policy',
  statements: [
    // Null in scopes: whatever the keys say; in expiry_policy: whatever the host says.
    sql`alter table latchkey.owners add column scopes text, add column expiry_policy jsonb`,
    sql`alter table latchkey.keys add column not_before timestamptz(3)`,

    // As before when an owner is renamed: every key of the namespace, by whatever name it was known. What an owner
    // may do concerns its keys alone, and how long keys may live concerns none that exists.
    sql`create or replace function latchkey.record_changed_owners() returns trigger
      language plpgsql security definer set search_path = '' as $$
      begin
        if exists (
          select from removed left join added using (id, namespace, owner) where added.id is null
        ) then
          insert into latchkey.changes (namespace, hash, wants_receipt)
          select distinct namespace, null::bytea, false from removed;
          return null;
        end if;
        if (
          select count(*) from (
            select from latchkey.keys where owner_id in (
              select id from removed join added using (id) where removed.scopes is distinct from added.scopes
            ) limit 1001
          ) as first_ones
        ) <= 1000 then
          insert into latchkey.changes (namespace, hash, wants_receipt)
          select added.namespace, keys.hash, false
          from removed join added using (id) join latchkey.keys on keys.owner_id = added.id
          where removed.scopes is distinct from added.scopes;
        else
          insert into latchkey.changes (namespace, hash, wants_receipt)
          select distinct added.namespace, null::bytea, false
          from removed join added using (id) where removed.scopes is distinct from added.scopes;
        end if;
        return null;
      end
    $$`,
    sql`drop trigger record_changed_owners on latchkey.owners`,
    sql`create trigger record_changed_owners after update on latchkey.owners
      referencing old table as removed new table as added
      for each statement execute function latchkey.record_changed_owners()`,
  ],
}
