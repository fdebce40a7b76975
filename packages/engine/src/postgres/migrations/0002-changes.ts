import { sql, type SQL } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** A statement that touches more keys than this is told as one change of everything, so that it cannot drown the feed. */
const MAX_TOLD_ONE_BY_ONE = 1_000

/**
 * A trigger function that records the keys in `touched`, a query, once a statement. It has its owner's rights, for
 * whoever may change a key must tell, whatever else they may do.
 *
 * @param counted the rows of the statement.
 */
export function createRecorder(name: string, counted: string, touched: string): SQL {
  return sql.raw(`create function latchkey.${name}() returns trigger
    language plpgsql security definer set search_path = '' as $$
    begin
      if (select count(*) from (select from ${counted} limit ${MAX_TOLD_ONE_BY_ONE + 1}) as first_ones)
        <= ${MAX_TOLD_ONE_BY_ONE}
      then
        insert into latchkey.changes (namespace, hash, wants_receipt)
        select namespace, hash, bool_or(is_loss) from (${touched}) as touched group by 1, 2;
      else
        -- Planned anew: a plan that was made for a few rows, and kept, would be hopeless for a million.
        execute $query$
          insert into latchkey.changes (namespace, hash, wants_receipt)
          select namespace, null, bool_or(is_loss) from (${touched}) as touched group by 1
        $query$;
      end if;
      return null;
    end
  $$`)
}

/** A trigger of the function with the same name. */
export function createTrigger(name: string, event: string, tables?: string): SQL {
  return sql.raw(`create trigger ${name} after ${event} ${tables === undefined ? '' : `referencing ${tables}`}
    for each statement execute function latchkey.${name}()`)
}

const withOwner = (touched: string) => `${touched} join latchkey.owners on owners.id = ${touched}.owner_id`

/**
 * What changed, kept for a while and announced as it commits, so that every node can drop it from its cache; which
 * nodes there are; and which of them have dropped what.
 *
 * Nodes and acknowledgements are worth nothing after a crash, so their tables are not logged: writing them waits
 * for no disk.
 */
export const changesMigration: Migration = {
  version: 2,
  name: 'changes',
  statements: [
    // A null hash means every key of the namespace. The transaction's id says which readers can have seen the row.
    sql`create table latchkey.changes (
      sequence bigint generated always as identity primary key,
      xid xid8 not null default pg_current_xact_id(),
      namespace text not null,
      hash bytea,
      wants_receipt boolean not null,
      at timestamptz not null default clock_timestamp()
    )`,
    sql`create index changes_by_transaction on latchkey.changes (xid)`,
    sql`create unlogged table latchkey.nodes (
      id uuid primary key,
      namespace text not null,
      seen_at timestamptz not null
    )`,
    sql`create unlogged table latchkey.change_acks (
      sequence bigint not null,
      node uuid not null,
      at timestamptz not null default clock_timestamp(),
      primary key (sequence, node)
    )`,

    // No Latchkey has a namespace longer than 63 characters, and no notification may be longer than 8,000 bytes.
    sql`create function latchkey.announce_change() returns trigger language plpgsql set search_path = '' as $$
      begin
        perform pg_notify('latchkey_changes', format('%s %s %s %s',
          new.sequence,
          new.wants_receipt::int,
          coalesce(translate(encode(new.hash, 'base64'), '+/=', '-_'), '*'),
          left(new.namespace, 64)
        ));
        return null;
      end
    $$`,
    sql`create trigger announce_change after insert on latchkey.changes
      for each row execute function latchkey.announce_change()`,

    createRecorder(
      'record_inserted_keys',
      'added',
      `select namespace, hash, false as is_loss from ${withOwner('added')}`,
    ),
    createTrigger('record_inserted_keys', 'insert on latchkey.keys', 'new table as added'),
    createRecorder(
      'record_deleted_keys',
      'removed',
      `select namespace, hash, false as is_loss from ${withOwner('removed')}`,
    ),
    createTrigger('record_deleted_keys', 'delete on latchkey.keys', 'old table as removed'),
    // The old hash and owner as well: a cache may know the row by what it was.
    createRecorder(
      'record_updated_keys',
      'added',
      `select namespace, added.hash,
          (added.revoked_at is not null and removed.revoked_at is null)
          or (added.disabled_at is not null and removed.disabled_at is null) as is_loss
        from ${withOwner('added')} left join removed on removed.id = added.id
        union all select namespace, hash, false from ${withOwner('removed')}
        where not exists (
          select from added where (id, owner_id, hash) = (removed.id, removed.owner_id, removed.hash)
        )`,
    ),
    createTrigger(
      'record_updated_keys',
      'update on latchkey.keys',
      'old table as removed new table as added',
    ),
    // Which keys there were is not told, but whoever could have one in memory is listed.
    createRecorder(
      'record_truncated_keys',
      'latchkey.nodes',
      'select distinct namespace, null::bytea as hash, false as is_loss from latchkey.nodes',
    ),
    createTrigger('record_truncated_keys', 'truncate on latchkey.keys'),
    // Latchkey changes no owner, but somebody may, and with it all the owner's keys.
    createRecorder(
      'record_changed_owners',
      'removed',
      'select namespace, null::bytea as hash, false as is_loss from removed',
    ),
    createTrigger('record_changed_owners', 'update on latchkey.owners', 'old table as removed'),
  ],
}
