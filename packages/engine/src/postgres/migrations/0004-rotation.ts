import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'
import { createRecorder, createTrigger } from './0002-changes.ts'

/** Secrets that were replaced, each good until its grace is over. */
export const rotationMigration: Migration = {
  version: 4,
  name: 'rotation',
  statements: [
    // Null in version: the first; in rotated_at: never.
    sql`alter table latchkey.keys
      add column rotated_at timestamptz(3),
      add column version integer,
      add column rotate_every_days integer`,

    // The last one of each key, and none of those before it. Its row stays when its grace is over, so that whoever still
    // presents it learns that it was replaced. It has an id of its own under which its last use is kept.
    sql`create table latchkey.retired_secrets (
      key_id uuid primary key references latchkey.keys (id) on delete cascade,
      id uuid not null,
      retired_at timestamptz(3) not null,
      ends_at timestamptz(3) not null,
      hash bytea not null check (octet_length(hash) = 32),
      version integer not null,
      start text not null,
      constraint retired_secrets_hash_unique exclude using hash (hash with =)
    )`,

    // By what nodes may know keys: each by its present secret, and by the one before.
    sql`create view latchkey.known_hashes as
      select id as key_id, owner_id, hash from latchkey.keys
      union all
      select key_id, owner_id, retired_secrets.hash
      from latchkey.retired_secrets join latchkey.keys on keys.id = key_id`,

    // Nodes know a key by either of its secrets. The old one of a key is told with it, whatever happens to the key.
    sql`drop trigger record_updated_keys on latchkey.keys`,
    sql`drop function latchkey.record_updated_keys()`,
    createRecorder(
      'record_updated_keys',
      'added',
      `with changed as (
          select added.id, added.hash, added.owner_id,
            (added.revoked_at is not null and removed.revoked_at is null)
            or (added.disabled_at is not null and removed.disabled_at is null) as is_loss
          from added left join removed on removed.id = added.id
        )
        select namespace, changed.hash, is_loss
        from changed join latchkey.owners on owners.id = changed.owner_id
        union all select namespace, retired_secrets.hash, is_loss
        from changed join latchkey.retired_secrets on retired_secrets.key_id = changed.id
          join latchkey.owners on owners.id = changed.owner_id
        union all select namespace, removed.hash, false
        from removed join latchkey.owners on owners.id = removed.owner_id
        where not exists (
          select from added where (id, owner_id, hash) = (removed.id, removed.owner_id, removed.hash)
        )`,
    ),
    createTrigger(
      'record_updated_keys',
      'update on latchkey.keys',
      'old table as removed new table as added',
    ),

    // A secret whose grace is over at once is a loss, of which somebody may want a receipt.
    ...(['insert', 'update', 'delete'] as const).flatMap((event) => {
      const name = `record_retired_secrets_${event}`
      const rows = event === 'delete' ? 'removed' : 'added'
      const touched = (
        table: string,
        isLoss: string,
      ) => `select namespace, ${table}.hash, ${isLoss} as is_loss
        from ${table} join latchkey.keys on keys.id = ${table}.key_id
          join latchkey.owners on owners.id = keys.owner_id`
      const isOver = `added.ends_at <= now() + interval '1 second'`
      const tables = {
        insert: 'new table as added',
        update: 'old table as removed new table as added',
        delete: 'old table as removed',
      }
      const query = {
        insert: touched('added', isOver),
        update: `${touched('added', isOver)} union all ${touched('removed', 'false')}`,
        delete: touched('removed', 'false'),
      }
      return [
        createRecorder(name, rows, query[event]),
        createTrigger(name, `${event} on latchkey.retired_secrets`, tables[event]),
      ]
    }),
  ],
}
