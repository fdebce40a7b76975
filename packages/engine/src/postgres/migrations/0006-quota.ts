import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** How many credits keys have left. */
export const quotaMigration: Migration = {
  version: 6,
  name: 'quota',
  statements: [
    // Apart from `keys`, so that taking credits neither touches their rows nor tells any cache. Columns are ordered by
    // alignment. `allotment` names the credits that are counted: it changes whenever `remaining` is set anew, so that
    // nobody gives back what was taken before. A row is updated often, so its page has room for the newer version.
    sql`create table latchkey.quotas (
      key_id uuid primary key references latchkey.keys (id) on delete cascade,
      allotment uuid not null default gen_random_uuid(),
      credits bigint not null check (credits > 0),
      remaining bigint not null check (remaining >= 0),
      ends_at timestamptz(3) check ((ends_at is null) = (period = 'never')),
      anchor_day smallint check (anchor_day between 1 and 31),
      period text not null check (period in ('never', 'day', 'week', 'month')),
      time_zone text not null
    ) with (fillfactor = 50)`,

    // What Latchkey changes it tells by the row of the key; this is for statements of others.
    sql`create function latchkey.record_changed_quota() returns trigger
      language plpgsql security definer set search_path = '' as $$
      begin
        insert into latchkey.changes (namespace, hash, wants_receipt)
        select namespace, hash, false
        from latchkey.known_hashes join latchkey.owners on owners.id = known_hashes.owner_id
        where known_hashes.key_id = coalesce(new.key_id, old.key_id);
        return null;
      end
    $$`,
    sql`create trigger record_new_quota after insert or delete on latchkey.quotas
      for each row execute function latchkey.record_changed_quota()`,
    // Not when credits are taken, given back or filled up.
    sql`create trigger record_changed_quota after update on latchkey.quotas for each row
      when ((old.key_id, old.credits, old.period, old.time_zone, old.anchor_day)
        is distinct from (new.key_id, new.credits, new.period, new.time_zone, new.anchor_day))
      execute function latchkey.record_changed_quota()`,
  ],
}
