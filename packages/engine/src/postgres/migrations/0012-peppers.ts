import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Secrets that are stored under a pepper. */
export const peppersMigration: Migration = {
  version: 12,
  name: 'peppers',
  statements: [
    // Null: under none, and then it takes no room.
    sql`alter table latchkey.keys add column pepper text`,
    sql`alter table latchkey.retired_secrets add column pepper text`,
    sql`create index keys_by_pepper on latchkey.keys (pepper, owner_id) where pepper is not null`,
    sql`create index retired_secrets_by_pepper on latchkey.retired_secrets (pepper) where pepper is not null`,

    // Which peppers secrets of a namespace may be stored under, and by what each is recognised.
    sql`create table latchkey.peppers (
      namespace text not null,
      name text not null,
      pepper_check bytea not null check (octet_length(pepper_check) = 32),
      since timestamptz(3) not null default now(),
      primary key (namespace, name)
    )`,

    // A secret that is stored under another pepper is still the same secret.
    sql`create or replace function latchkey.forget_slow_hash() returns trigger
      language plpgsql security definer set search_path = '' as $$
      begin
        if current_setting('latchkey.redigesting', true) = 'on' then
          return null;
        end if;
        update latchkey.imports set slow_hash = null
        where key_id = new.id and slow_hash is not null
          and not exists (select from latchkey.retired_secrets where hash = old.hash and ends_at > retired_at);
        return null;
      end
    $$`,
  ],
}
