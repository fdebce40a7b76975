import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Keys, their last uses and replayable creates, and the notification that tells every node of a change. */
export const keysMigration: Migration = {
  version: 1,
  name: 'keys',
  statements: [
    sql`create table latchkey.keys (
      id uuid primary key,
      namespace text not null,
      owner text not null,
      hash bytea not null unique check (octet_length(hash) = 32),
      start text not null,
      name text not null,
      environment text not null check (environment in ('live', 'test')),
      scopes text[] not null,
      metadata jsonb not null,
      created_at timestamptz(3) not null,
      created_by_id text not null,
      created_by_name text,
      updated_at timestamptz(3) not null,
      updated_by_id text not null,
      updated_by_name text,
      expires_at timestamptz(3),
      disabled_at timestamptz(3),
      revoked_at timestamptz(3),
      revoked_by_id text,
      revoked_by_name text
    )`,
    sql`create index keys_by_creation on latchkey.keys (namespace, owner, created_at, id)`,
    sql`create index keys_by_name on latchkey.keys (namespace, owner, lower(name) collate "C", id)`,
    sql`create index keys_unrevoked on latchkey.keys (namespace, owner) where revoked_at is null`,

    // No foreign key: a use that is stored late must not fail because its key is gone.
    sql`create table latchkey.last_used (
      key_id uuid primary key,
      used_at timestamptz(3) not null
    )`,

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

    // The payload is the hash as base64url, the name under which caches know the key.
    sql`create function latchkey.announce_key_change() returns trigger language plpgsql set search_path = '' as $$
      begin
        perform pg_notify(
          'latchkey_keys',
          translate(encode((case when tg_op = 'DELETE' then old.hash else new.hash end), 'base64'), '+/=', '-_')
        );
        return null;
      end
    $$`,
    sql`create trigger announce_key_change after insert or update or delete on latchkey.keys
      for each row execute function latchkey.announce_key_change()`,
  ],
}
