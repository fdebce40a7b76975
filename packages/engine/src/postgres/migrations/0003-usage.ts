import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** How often keys were used, when they were used last, and what keeps a count from being stored twice. */
export const usageMigration: Migration = {
  version: 3,
  name: 'usage',
  statements: [
    // No foreign keys: what is stored late must not fail because its key is gone. Columns are ordered by alignment.
    // A row is counted up many times before the next one begins, so its page has room for the newer version.
    sql`create table latchkey.usage (
      subject uuid not null,
      bucket timestamptz(0) not null,
      count bigint not null,
      resolution "char" not null check (resolution in ('m', 'q', 'd')),
      namespace text not null,
      outcome text collate "C" not null,
      primary key (subject, resolution, bucket, outcome)
    ) with (fillfactor = 90)`,
    sql`create index usage_by_age on latchkey.usage (namespace, resolution, bucket)`,

    sql`create table latchkey.usage_kept (
      namespace text not null,
      resolution "char" not null,
      since timestamptz(0) not null,
      primary key (namespace, resolution)
    )`,

    sql`create table latchkey.usage_flushes (
      node uuid primary key,
      sequence bigint not null,
      stored_at timestamptz(3) not null default now()
    )`,

    sql`create table latchkey.last_used (
      key_id uuid primary key,
      used_at timestamptz(3) not null,
      address inet
    ) with (fillfactor = 90)`,
  ],
}
