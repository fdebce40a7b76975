import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Which routes keys open. */
export const routeUsesMigration: Migration = {
  version: 15,
  name: 'route uses',
  statements: [
    // Lists of scopes are texts with spaces between, as those of keys.
    sql`create table latchkey.routes (
      id integer primary key generated always as identity,
      seen_at timestamptz(3) not null default now(),
      namespace text not null,
      method text not null,
      path text not null,
      scopes text not null,
      any_scope text not null,
      unique (namespace, method, path, scopes, any_scope)
    )`,
    // No foreign key to keys: what is stored late must not fail because its key is gone.
    sql`create table latchkey.route_uses (
      key_id uuid not null,
      count bigint not null,
      route_id integer not null references latchkey.routes on delete cascade,
      day date not null,
      primary key (key_id, route_id, day)
    ) with (fillfactor = 90)`,
    sql`create index route_uses_by_age on latchkey.route_uses (day)`,
  ],
}
