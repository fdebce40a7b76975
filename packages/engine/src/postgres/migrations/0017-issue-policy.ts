import { sql } from 'drizzle-orm'
import type { Migration } from '../migrate.ts'

/** Which keys an owner lets people hand out. */
export const issuePolicyMigration: Migration = {
  version: 17,
  name: 'issue policy',
  statements: [
    // Null: whatever people may hand out.
    sql`alter table latchkey.owners add column issue_policy jsonb`,

    // As before, and either policy is one.
    sql.raw(`create or replace function latchkey.audit_action(key_id uuid, before jsonb, after jsonb, source text)
      returns text language sql immutable as $$
      select case
        when before ? 'keyCount' then 'key.purged'
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
  ],
}
