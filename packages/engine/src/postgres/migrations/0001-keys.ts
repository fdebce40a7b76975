import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Keys and replayable creates. */
export const keysMigration: Migration = {
  version: 1,
  name: 'keys',
  statements: [
    // An owner's name is kept once, and not with each of its keys and in each of their indexes.
    sql`create table latchkey.owners (
      id integer generated always as identity primary key,
      namespace text not null,
      owner text not null,
      unique (namespace, owner)
    )`,
    // Columns of fixed width first, and nothing that could be left out: there may be very many keys, and most
    // never change. Null in updated_* is "never", in metadata and rate_limits "none"; scopes hold no spaces, so
    // they are kept as OAuth writes them, at half the size of an array.
    // A hash index is half as big as a tree here, and finds a key in one step however many there are.
    sql`create table latchkey.keys (
      id uuid primary key with (fillfactor = 100),
      created_at timestamptz(3) not null,
      updated_at timestamptz(3),
      expires_at timestamptz(3),
      disabled_at timestamptz(3),
      revoked_at timestamptz(3),
      owner_id integer not null,
      hash bytea not null check (octet_length(hash) = 32),
      start text not null,
      name text not null,
      environment text not null check (environment in ('live', 'test')),
      scopes text not null,
      metadata jsonb,
      rate_limits jsonb,
      created_by_id text not null,
      created_by_name text,
      updated_by_id text,
      updated_by_name text,
      revoked_by_id text,
      revoked_by_name text,
      constraint keys_hash_unique exclude using hash (hash with =)
    )`,
    // Ids are UUIDv7, so new rows come at the end of these: no page needs room in the middle.
    sql`create index keys_by_creation on latchkey.keys (owner_id, created_at, id) with (fillfactor = 100)`,
    sql`create index keys_by_name on latchkey.keys (owner_id, lower(name) collate "C")`,
    sql`create index keys_unrevoked on latchkey.keys (owner_id) where revoked_at is null`,

    sql`create table latchkey.idempotency (
      id bytea primary key check (octet_length(id) = 32),
      namespace text not null,
      owner text not null,
      fingerprint bytea not null,
      sealed_secret bytea not null,
      key_id uuid not null references latchkey.keys (id) on delete cascade,
      expires_at timestamptz(3) not null
    )`,
    sql`create index idempotency_by_expiry on latchkey.idempotency (namespace, expires_at)`,

    // A create is one call, so that nobody waits for anybody's round trips.
    //
    // Creates of one owner run side by side, under a lock they share, as long as there is room for as many more keys
    // as there can be transactions. When there is not, the answer is 'nearly_full', and the caller asks again with
    // the lock to itself: by then whoever shared it has committed, and the count is exact.
    sql`create function latchkey.create_key(
      in_namespace text, in_owner text, max_keys integer, owner_lock bigint, is_alone boolean,
      in_key latchkey.keys, request_lock bigint, in_request latchkey.idempotency
    ) returns text language plpgsql set search_path = '' as $$
      declare
        found_owner integer;
        used integer;
      begin
        if request_lock is not null then
          if not pg_try_advisory_xact_lock(request_lock) then
            return 'in_flight';
          end if;
          delete from latchkey.idempotency as dead where dead.id in (
            select id from latchkey.idempotency
            where namespace = in_namespace and expires_at <= in_key.created_at
            order by expires_at limit 100 for update skip locked
          );
          -- The above removes only so many at a time.
          delete from latchkey.idempotency as dead
            where dead.id = in_request.id and dead.expires_at <= in_key.created_at;
          if exists (select from latchkey.idempotency where id = in_request.id) then
            return 'replay';
          end if;
        end if;

        if is_alone then
          perform pg_advisory_xact_lock(owner_lock);
        else
          perform pg_advisory_xact_lock_shared(owner_lock);
        end if;
        select id into found_owner from latchkey.owners where namespace = in_namespace and owner = in_owner;
        if found_owner is null then
          insert into latchkey.owners (namespace, owner) values (in_namespace, in_owner) on conflict do nothing;
          select id into found_owner from latchkey.owners where namespace = in_namespace and owner = in_owner;
        end if;
        select count(*) into used from (
          select from latchkey.keys where owner_id = found_owner and revoked_at is null limit max_keys
        ) as unrevoked;
        if is_alone and used >= max_keys then
          return 'too_many_keys';
        end if;
        if not is_alone and used + current_setting('max_connections')::integer >= max_keys then
          return 'nearly_full';
        end if;

        in_key.owner_id := found_owner;
        insert into latchkey.keys select in_key.*;
        if request_lock is not null then
          insert into latchkey.idempotency select in_request.*;
        end if;
        return 'created';
      end
    $$`,
  ],
}
