import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Keys that other systems issued. */
export const importsMigration: Migration = {
  version: 7,
  name: 'imports',
  statements: [
    // One row for each key that was imported, kept for good and whatever becomes of the key: an import that runs again
    // must not bring back a secret that was rotated away. For that there is no foreign key either.
    sql`create table latchkey.imports (
      source bytea primary key check (octet_length(source) = 32),
      key_id uuid not null,
      namespace text not null,
      slow_hash text
    )`,
    sql`create index imports_unused on latchkey.imports (key_id) where slow_hash is not null`,

    // Whoever replaces the hash of a key, the foreign one counts no more; but a secret that was never used and is replaced
    // works on for its grace.
    sql`create function latchkey.forget_slow_hash() returns trigger
      language plpgsql security definer set search_path = '' as $$
      begin
        update latchkey.imports set slow_hash = null
        where key_id = new.id and slow_hash is not null
          and not exists (select from latchkey.retired_secrets where hash = old.hash and ends_at > retired_at);
        return null;
      end
    $$`,
    sql`create trigger forget_slow_hash after update of hash on latchkey.keys
      for each row when (old.hash is distinct from new.hash) execute function latchkey.forget_slow_hash()`,

    // Imports of a namespace take turns, so what is known to one is known to the next. The locks of the owners are
    // those of create_key; taken in order, so that nobody waits in a circle.
    sql`create function latchkey.import_keys(
      in_namespace text, max_keys integer, import_lock bigint, in_rows jsonb
    ) returns table (place integer, outcome text) language plpgsql set search_path = '' as $$
      #variable_conflict use_column
      declare
        wanted bigint;
      begin
        perform pg_advisory_xact_lock(import_lock);
        for wanted in
          select distinct owner_lock from jsonb_to_recordset(in_rows) as given (owner_lock bigint) order by 1
        loop
          perform pg_advisory_xact_lock(wanted);
        end loop;

        -- Not by a conflict alone, which would use up a number each time.
        insert into latchkey.owners (namespace, owner)
          select distinct in_namespace, owner from jsonb_to_recordset(in_rows) as given (owner text)
          where not exists (
            select from latchkey.owners as known where known.namespace = in_namespace and known.owner = given.owner
          )
          on conflict do nothing;

        return query
        with given as (
          select given.place, given.source, given.slow_hash, owners.id as owner_id, key.*
          from jsonb_to_recordset(in_rows) as given (place integer, owner text, source bytea, slow_hash text, key jsonb)
          join latchkey.owners on owners.namespace = in_namespace and owners.owner = given.owner
          cross join lateral jsonb_to_record(given.key) as key (
            id uuid, created_at timestamptz, expires_at timestamptz, disabled_at timestamptz, hash bytea,
            start text, name text, environment text, scopes text, metadata jsonb, rate_limits jsonb,
            created_by_id text, created_by_name text
          )
        ),
        compared as (
          select given.*,
            case
              when imported.namespace = in_namespace then 'known'
              when imported.namespace is not null then 'elsewhere'
              when same_owner.namespace is not null and slow_hash is not null then 'start_taken'
              when same_owner.namespace = in_namespace then 'known'
              when same_owner.namespace is not null then 'elsewhere'
            end as found
          from given
          left join (select source as known_source, namespace from latchkey.imports) as imported
            on imported.known_source = given.source
          left join latchkey.keys as same on same.hash = given.hash
          left join latchkey.owners as same_owner on same_owner.id = same.owner_id
        ),
        used as (
          select owner_id, (
            select count(*) from (
              select from latchkey.keys
              where keys.owner_id = owner.owner_id and revoked_at is null limit max_keys
            ) as unrevoked
          ) as used
          from (select distinct owner_id from compared where found is null) as owner
        ),
        ranked as (
          select compared.*, row_number() over (partition by owner_id, found order by place) + used as rank
          from compared left join used using (owner_id)
        ),
        judged as (
          select ranked.*,
            coalesce(found, case when rank > max_keys then 'too_many_keys' else 'added' end) as outcome
          from ranked
        ),
        added as (
          insert into latchkey.keys (
            id, created_at, expires_at, disabled_at, owner_id, hash, start, name, environment, scopes, metadata,
            rate_limits, created_by_id, created_by_name
          )
          select
            id, created_at, expires_at, disabled_at, owner_id, hash, start, name, environment, scopes, metadata,
            rate_limits, created_by_id, created_by_name
          from judged where outcome = 'added' order by place
        ),
        noted as (
          insert into latchkey.imports (source, key_id, namespace, slow_hash)
          select source, id, in_namespace, slow_hash from judged where outcome = 'added'
        )
        select judged.place, judged.outcome from judged;
      end
    $$`,
  ],
}
