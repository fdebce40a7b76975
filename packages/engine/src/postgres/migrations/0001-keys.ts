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
  ],
}
