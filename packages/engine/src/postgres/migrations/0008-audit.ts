import { sql, type SQL } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** A statement with more rows than this is planned by itself: a plan that was made for a few would be hopeless for a million. */
const MAX_PLANNED_ONCE = 1_000

/**
 * A trigger function that writes an event for each row of `changes`, a query of
 * `namespace, owner, key_id, before, after`. It has its owner's rights, for whoever may change a key must leave a
 * trace, and may have no other way to write one.
 *
 * Chains are locked in the order of their owners, and after the rows that changed, so that nobody waits in a circle.
 *
 * @param counted the rows of the statement; left out where there is one.
 */
function createAuditor(name: string, changes: string, counted?: string): SQL {
  const query = `select * from (${changes}) as changes
    where before is distinct from after order by namespace, owner, key_id`
  const open =
    counted === undefined
      ? `open events for ${query};`
      : `if (select count(*) from (select from ${counted} limit ${MAX_PLANNED_ONCE + 1}) as first_ones) <= ${MAX_PLANNED_ONCE}
          then open events for ${query};
          else open events for execute $query$${query}$query$;
        end if;`
  return sql.raw(`create function latchkey.${name}() returns trigger
    language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
    declare
      context constant jsonb := nullif(current_setting('latchkey.context', true), '')::jsonb;
      events refcursor;
      change record;
      chain latchkey.audit_chains;
      is_first boolean;
    begin
      ${open}
      loop
        fetch events into change;
        exit when not found;
        is_first := chain.id is null or (chain.namespace, chain.owner) <> (change.namespace, change.owner);
        if is_first then
          perform latchkey.close_audit_chain(chain);
          chain := latchkey.open_audit_chain(change.namespace, change.owner);
        end if;
        chain := latchkey.append_audit_event(chain, change.key_id, change.before, change.after, context, is_first);
      end loop;
      close events;
      perform latchkey.close_audit_chain(chain);
      return null;
    end
  $$`)
}

/** A trigger of the function with the same name. */
function createTrigger(name: string, when: string, how = 'for each statement'): SQL {
  return sql.raw(`create trigger ${name} ${when} ${how} execute function latchkey.${name}()`)
}

const keyImage = (row: string) =>
  `latchkey.audited(to_jsonb(${row}) || jsonb_build_object('version', coalesce(${row}.version, 1)))`

const KEYS_ADDED = `select namespace, owner, added.id as key_id, null::jsonb as before, ${keyImage('added')} as after
  from added join latchkey.owners on owners.id = added.owner_id`

const KEYS_REMOVED = `select namespace, owner, removed.id as key_id, ${keyImage('removed')} as before, null::jsonb as after
  from removed join latchkey.owners on owners.id = removed.owner_id`

/** One whose id was changed is another one; one that was given away is told to both. */
const KEYS_CHANGED = `
  with images as (
    select id as key_id, removed.owner_id as old_owner, added.owner_id as new_owner,
      case when removed.owner_id is not null then ${keyImage('removed')} end as before,
      case when added.owner_id is not null then ${keyImage('added')} end as after
    from removed full join added using (id)
  )
  select owners.namespace, owners.owner, key_id, difference.before, difference.after
  from images
  join latchkey.owners on owners.id in (old_owner, new_owner)
  cross join lateral latchkey.audit_difference(
    before || case when old_owner = new_owner then '{}' else jsonb_build_object('ownerId', old_owner) end,
    after || case when old_owner = new_owner then '{}' else jsonb_build_object('ownerId', new_owner) end
  ) as difference`

/** How many there were, where they are not told one by one. */
const KEYS_TRUNCATED = `select namespace, owner, null::uuid as key_id,
    jsonb_build_object('keyCount', count(*)) as before, null::jsonb as after
  from latchkey.keys join latchkey.owners on owners.id = keys.owner_id group by 1, 2`

const retiredImage = (row: string) =>
  `jsonb_build_object('retiringSecret', ${row === 'none' ? 'null::jsonb' : `latchkey.audited(to_jsonb(${row}))`})`

/** Of a key that goes with it nothing more is told. */
const ofKey = (row: string, before: string, after: string) =>
  `select namespace, owner, keys.id as key_id, ${retiredImage(before)} as before, ${retiredImage(after)} as after
  from ${row} join latchkey.keys on keys.id = ${row}.key_id join latchkey.owners on owners.id = keys.owner_id`

const RETIRED_CHANGED = `select namespace, owner, keys.id as key_id, ${retiredImage('removed')} as before,
    ${retiredImage('added')} as after
  from removed join added using (key_id)
  join latchkey.keys on keys.id = key_id join latchkey.owners on owners.id = keys.owner_id`

const QUOTA_CHANGED = `select namespace, owner, keys.id as key_id,
    jsonb_build_object('quota', latchkey.audited_quota(to_jsonb(old))) as before,
    jsonb_build_object('quota', latchkey.audited_quota(to_jsonb(new))) as after
  from latchkey.keys join latchkey.owners on owners.id = keys.owner_id
  where keys.id = coalesce(new.key_id, old.key_id)`

const OWNERS_ADDED = `select namespace, owner, null::uuid as key_id, difference.before, difference.after
  from added cross join lateral latchkey.audit_difference(
    '{}', latchkey.audited(to_jsonb(added)) - '{namespace, owner}'::text[]
  ) as difference`

const OWNERS_REMOVED = `select namespace, owner, null::uuid as key_id,
    latchkey.audited(to_jsonb(removed)) as before, null::jsonb as after from removed`

/** One that was renamed is told under both names. */
const OWNERS_CHANGED = `
  with changed as (
    select named.namespace, named.owner, difference.before, difference.after
    from removed join added using (id)
    cross join lateral latchkey.audit_difference(
      latchkey.audited(to_jsonb(removed)), latchkey.audited(to_jsonb(added))
    ) as difference
    cross join lateral (
      select removed.namespace, removed.owner union select added.namespace, added.owner
    ) as named
  )
  select namespace, owner, null::uuid as key_id, before, after from changed`

/** Columns that tell nothing: what is not the key's, what the event says itself, and what nobody may read. */
const UNTOLD = ['id', 'key_id', 'owner_id', 'updated_at', 'updated_by_id', 'updated_by_name', 'allotment']
const UNTOLD_NAMES = 'hash|secret|pepper'

const BASE32_DIGITS = Array.from(
  { length: 26 },
  (_, place) =>
    `substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits from ${5 * place + 1} for 5)::integer + 1, 1)`,
)

/**
 * The audit trail: what changed, by whom and from where, in the transaction of the change, whoever makes it.
 *
 * Triggers tell whatever columns there are, so that one that is added later is in the trail without a word. Who and
 * from where comes from `latchkey.context`, which is set for the transaction; a change by hand has none.
 *
 * The events of an owner are a chain: each is hashed together with the hash of the one before it. Where a chain has
 * come to is kept apart from it, so that it cannot be cut short unseen.
 */
export const auditMigration: Migration = {
  version: 8,
  name: 'audit',
  statements: [
    // Not by the id of the owner: the trail of somebody who is gone, or has another name now, stays.
    // A row is updated for each event, so its page has room for the newer version.
    sql`create table latchkey.audit_chains (
      id integer generated always as identity primary key,
      namespace text not null,
      owner text not null,
      sequence bigint not null default 0,
      hash bytea not null default decode(repeat('00', 32), 'hex'),
      xid xid8,
      unique (namespace, owner)
    ) with (fillfactor = 50)`,
    // What is hashed is the text. The other columns repeat some of it, to be found by.
    sql`create table latchkey.audit_events (
      sequence bigint not null,
      at timestamptz(3) not null,
      key_id uuid,
      chain_id integer not null references latchkey.audit_chains (id),
      action text not null,
      actor_id text,
      hash bytea not null,
      text text not null,
      primary key (chain_id, sequence)
    )`,
    sql`create index audit_events_by_time on latchkey.audit_events (chain_id, at, sequence)`,
    sql`create index audit_events_by_key on latchkey.audit_events (key_id, at) where key_id is not null`,

    // A record as it is told: without what is null, under the names that its fields have in JSON.
    sql.raw(`create function latchkey.audited(record jsonb) returns jsonb language sql immutable strict as $$
      select coalesce(jsonb_object_agg(
        left(key, 1) || substr(replace(initcap(replace(key, '_', ' ')), ' ', ''), 2),
        case when key = 'scopes' then to_jsonb(string_to_array(value #>> '{}', ' ')) else value end
      ), '{}')
      from jsonb_each(record)
      where value <> 'null' and key !~ '${UNTOLD_NAMES}' and key <> all ('{${UNTOLD.join(',')}}')
    $$`),
    sql.raw(`create function latchkey.audited_quota(quota jsonb) returns jsonb language sql immutable strict as $$
      select latchkey.audited(quota) - '{credits, endsAt}'::text[]
        || jsonb_build_object('limit', quota -> 'credits')
    $$`),
    // The fields that differ. Null on one side: all of the other.
    sql.raw(`create function latchkey.audit_difference(inout before jsonb, inout after jsonb)
      language plpgsql immutable as $$
      begin
        if before is null or after is null then
          return;
        end if;
        select jsonb_object_agg(key, coalesce(old.value, 'null')), jsonb_object_agg(key, coalesce(new.value, 'null'))
          into before, after
          from jsonb_each(before) as old full join jsonb_each(after) as new using (key)
          where old.value is distinct from new.value;
      end
    $$`),
    // As TypeID writes it: 130 bits, five by five. Each event has one, so it is written out.
    sql.raw(`create function latchkey.audited_key_id(id uuid) returns text language plpgsql immutable strict as $$
      declare
        bits constant bit varying := b'00' || ('x' || translate(id::text, '-', ''))::bit(128);
      begin
        return 'key_' || ${BASE32_DIGITS.join(' || ')};
      end
    $$`),
    sql.raw(`create function latchkey.audit_action(key_id uuid, before jsonb, after jsonb, source text) returns text
      language sql immutable as $$
      select case
        when before ? 'keyCount' then 'key.purged'
        when key_id is null and after ? 'scopes' then 'owner_scopes.updated'
        when key_id is null and after ? 'expiryPolicy' then 'policy.updated'
        when key_id is null then 'owner.updated'
        when before is null and source = 'import' then 'key.imported'
        when before is null then 'key.created'
        when after is null then 'key.purged'
        when after -> 'revokedAt' = 'null' then 'key.restored'
        when after ? 'revokedAt' then 'key.revoked'
        when after ? 'version' then 'key.rotated'
        when after -> 'disabledAt' = 'null' then 'key.enabled'
        when after ? 'disabledAt' then 'key.disabled'
        when after = jsonb_build_object('retiringSecret', after -> 'retiringSecret') then 'key.secret_retired'
        else 'key.updated'
      end
    $$`),

    // Whoever has it, has the chain for themselves until their transaction ends.
    sql.raw(`create function latchkey.open_audit_chain(in_namespace text, in_owner text)
      returns latchkey.audit_chains language plpgsql as $$
      declare
        chain latchkey.audit_chains;
      begin
        loop
          select * into chain from latchkey.audit_chains
            where namespace = in_namespace and owner = in_owner for update;
          if found then
            return chain;
          end if;
          insert into latchkey.audit_chains (namespace, owner) values (in_namespace, in_owner)
            on conflict do nothing returning * into chain;
          if found then
            return chain;
          end if;
        end loop;
      end
    $$`),
    sql.raw(`create function latchkey.close_audit_chain(chain latchkey.audit_chains)
      returns void language plpgsql as $$
      begin
        if chain.id is not null then
          update latchkey.audit_chains set sequence = chain.sequence, hash = chain.hash, xid = chain.xid
            where id = chain.id;
        end if;
      end
    $$`),
    // One change is one event, though it may take several statements: as long as its transaction lasts, and nobody can
    // have seen it, an event takes up what else becomes of its key.
    sql.raw(`create function latchkey.append_audit_event(
      chain latchkey.audit_chains, in_key_id uuid, before jsonb, after jsonb, context jsonb, may_amend boolean
    ) returns latchkey.audit_chains language plpgsql as $$
      declare
        event latchkey.audit_events;
        told jsonb;
        previous text := encode(chain.hash, 'hex');
      begin
        if may_amend and after is not null and chain.xid = pg_current_xact_id() then
          select * into event from latchkey.audit_events as candidate
            where chain_id = chain.id and sequence = chain.sequence and xmin = pg_current_xact_id()::xid
              and key_id is not distinct from in_key_id and candidate.text::jsonb -> 'after' <> 'null';
        end if;
        if event.chain_id is null then
          event.chain_id := chain.id;
          event.sequence := chain.sequence + 1;
          event.at := clock_timestamp();
          event.key_id := in_key_id;
          event.actor_id := context -> 'actor' ->> 'id';
        else
          told := event.text::jsonb;
          previous := told ->> 'previousHash';
          before := case when told -> 'before' <> 'null' then before || (told -> 'before') end;
          after := (told -> 'after') || after;
        end if;
        event.action := latchkey.audit_action(event.key_id, before, after, context ->> 'source');
        event.text := json_build_object(
          'namespace', chain.namespace,
          'owner', chain.owner,
          'sequence', event.sequence,
          'at', to_char(event.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'action', event.action,
          'keyId', latchkey.audited_key_id(event.key_id),
          'actor', context -> 'actor',
          'address', context -> 'address',
          'userAgent', context -> 'userAgent',
          'requestId', context -> 'requestId',
          'databaseRole', session_user,
          'before', before,
          'after', after,
          'previousHash', previous
        );
        event.hash := sha256(convert_to(event.text, 'UTF8'));
        if told is null then
          insert into latchkey.audit_events select event.*;
        else
          update latchkey.audit_events set action = event.action, text = event.text, hash = event.hash
            where chain_id = event.chain_id and sequence = event.sequence;
        end if;
        chain.sequence := event.sequence;
        chain.hash := event.hash;
        chain.xid := pg_current_xact_id();
        return chain;
      end
    $$`),
    sql`revoke execute on function latchkey.open_audit_chain, latchkey.close_audit_chain, latchkey.append_audit_event
      from public`,

    createAuditor('audit_inserted_keys', KEYS_ADDED, 'added'),
    createTrigger('audit_inserted_keys', 'after insert on latchkey.keys referencing new table as added'),
    createAuditor('audit_updated_keys', KEYS_CHANGED, 'added'),
    createTrigger(
      'audit_updated_keys',
      'after update on latchkey.keys referencing old table as removed new table as added',
    ),
    createAuditor('audit_deleted_keys', KEYS_REMOVED, 'removed'),
    createTrigger('audit_deleted_keys', 'after delete on latchkey.keys referencing old table as removed'),
    createAuditor('audit_truncated_keys', KEYS_TRUNCATED),
    createTrigger('audit_truncated_keys', 'before truncate on latchkey.keys'),

    createAuditor('audit_inserted_secrets', ofKey('added', 'none', 'added'), 'added'),
    createTrigger(
      'audit_inserted_secrets',
      'after insert on latchkey.retired_secrets referencing new table as added',
    ),
    createAuditor('audit_updated_secrets', RETIRED_CHANGED, 'added'),
    createTrigger(
      'audit_updated_secrets',
      'after update on latchkey.retired_secrets referencing old table as removed new table as added',
    ),
    // One that is over is no loss, as when its key is about to be purged.
    createAuditor(
      'audit_deleted_secrets',
      `${ofKey('removed', 'removed', 'none')} where removed.ends_at > now()`,
      'removed',
    ),
    createTrigger(
      'audit_deleted_secrets',
      'after delete on latchkey.retired_secrets referencing old table as removed',
    ),

    // Nodes take credits, give them back and fill quotas up all the time, which is no change of theirs. How many are left
    // is told when somebody sets it.
    createAuditor('audit_quota', QUOTA_CHANGED),
    createTrigger('audit_quota', 'after insert or delete on latchkey.quotas', 'for each row'),
    sql`create trigger audit_changed_quota after update on latchkey.quotas for each row
      when ((old.key_id, old.credits, old.period, old.time_zone, old.anchor_day)
          is distinct from (new.key_id, new.credits, new.period, new.time_zone, new.anchor_day)
        or coalesce(current_setting('latchkey.context', true), '') <> '')
      execute function latchkey.audit_quota()`,

    createAuditor('audit_inserted_owners', OWNERS_ADDED, 'added'),
    createTrigger('audit_inserted_owners', 'after insert on latchkey.owners referencing new table as added'),
    createAuditor('audit_updated_owners', OWNERS_CHANGED, 'added'),
    createTrigger(
      'audit_updated_owners',
      'after update on latchkey.owners referencing old table as removed new table as added',
    ),
    createAuditor('audit_deleted_owners', OWNERS_REMOVED, 'removed'),
    createTrigger('audit_deleted_owners', 'after delete on latchkey.owners referencing old table as removed'),

    // Whatever rights a role was given by mistake. Only the owner of a table can pass its rights on, and the functions
    // above run as the owner.
    sql`create function latchkey.guard_audit_trail() returns trigger language plpgsql set search_path = '' as $$
      begin
        if tg_op in ('INSERT', 'UPDATE')
          and has_table_privilege(current_user, tg_relid, 'select with grant option')
        then
          if tg_level = 'STATEMENT' then
            return null;
          elsif old.xmin = pg_current_xact_id()::xid then
            return new;
          end if;
        end if;
        raise insufficient_privilege using message = 'The audit trail can only be added to, by the triggers of Latchkey.';
      end
    $$`,
    sql`create trigger guard_insert before insert on latchkey.audit_events
      for each statement execute function latchkey.guard_audit_trail()`,
    sql`create trigger guard_update before update on latchkey.audit_events
      for each row execute function latchkey.guard_audit_trail()`,
    sql`create trigger guard_delete before delete or truncate on latchkey.audit_events
      for each statement execute function latchkey.guard_audit_trail()`,
    sql`create trigger guard_change before insert or update or delete or truncate on latchkey.audit_chains
      for each statement execute function latchkey.guard_audit_trail()`,
  ],
}
