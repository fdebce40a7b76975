import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'
import { createRecorder, createTrigger } from './0002-changes.ts'

const TOUCHED_BY_OWNERS = `select added.namespace, known_hashes.hash,
    added.suspended_at is not null and removed.suspended_at is null as is_loss
  from removed join added using (id) join latchkey.known_hashes on known_hashes.owner_id = added.id
  where (removed.scopes, removed.suspended_at) is distinct from (added.scopes, added.suspended_at)
  union all
  select removed.namespace, null::bytea, false
  from removed left join added using (id, namespace, owner) where added.id is null`

/** What the people who run the host need: owners that are suspended, keys by how they begin, and nodes that say who they are. */
export const operatorsMigration: Migration = {
  version: 18,
  name: 'operators',
  statements: [
    // First, while nothing is locked that verdicts read.
    sql`create index keys_by_start on latchkey.keys (start)`,
    sql`create index retired_secrets_by_start on latchkey.retired_secrets (start)`,

    // Null: not suspended.
    sql`alter table latchkey.owners
      add column suspended_at timestamptz(3),
      add column suspension_reason text,
      add constraint owners_suspension check ((suspended_at is null) = (suspension_reason is null))`,
    sql`create index owners_suspended on latchkey.owners (namespace, owner) where suspended_at is not null`,
    // As before, and a suspension concerns the owner's keys as well: that they are lost wants a receipt.
    sql`drop trigger record_changed_owners on latchkey.owners`,
    sql`drop function latchkey.record_changed_owners()`,
    createRecorder('record_changed_owners', `(${TOUCHED_BY_OWNERS}) as touched`, TOUCHED_BY_OWNERS),
    createTrigger(
      'record_changed_owners',
      'update on latchkey.owners',
      'old table as removed new table as added',
    ),

    // Null where a node of an older version wrote the row.
    sql`alter table latchkey.nodes
      add column version text,
      add column host text,
      add column is_listening boolean`,

    // As before, with either policy, with suspensions, and with what is no change of anything and says itself what it is.
    // A change that says it of itself is told for what it is.
    sql.raw(`create or replace function latchkey.audit_action(key_id uuid, before jsonb, after jsonb, source text)
      returns text language sql immutable as $$
      select case
        when source like 'operator.%' and before is null and not coalesce(after ? 'environment', false) then source
        when before ? 'keyCount' then 'key.purged'
        when key_id is null and after -> 'suspendedAt' = 'null' then 'owner.suspension_lifted'
        when key_id is null and after ? 'suspendedAt' then 'owner.suspended'
        when key_id is null and after ? 'scopes' then 'owner_scopes.updated'
        when key_id is null and after ?| '{expiryPolicy, issuePolicy}' then 'policy.updated'
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
    // The one thing that is recorded without a change. It can tell of what operators did, and of nothing else.
    sql.raw(`create function latchkey.record_operator(
      in_namespace text, in_owner text, in_key_id uuid, action text, details jsonb, context jsonb
    ) returns void language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
      declare
        chain latchkey.audit_chains;
      begin
        if action is null or context is null or action not like 'operator.%' then
          raise invalid_parameter_value using message = 'Only what operators did is recorded without a change.';
        end if;
        chain := latchkey.open_audit_chain(in_namespace, in_owner);
        chain := latchkey.append_audit_event(
          chain, in_key_id, null, details, context || jsonb_build_object('source', action), false
        );
        perform latchkey.close_audit_chain(chain);
      end
    $$`),
  ],
}
