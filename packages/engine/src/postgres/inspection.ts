import { randomUUID } from 'node:crypto'
import { StoreUnavailable } from '../store-unavailable.ts'
import { ALIVE } from './change-log.ts'
import type { Database } from './database.ts'

/** What can be told of a database by asking it, whether or not it has Latchkey's schema. */
export interface DatabaseFacts {
  /** As `15.14`. */
  serverVersion: string
  /** As 150014. */
  serverVersionNumber: number
  /** Nothing can be written: a replica, or set so. */
  isReadOnly: boolean
  /** Milliseconds until it answered. */
  answeredAfterMs: number
  /** How far its clock is ahead of this process's, in milliseconds; wrong by half of `answeredAfterMs` at most. */
  clockAheadMs: number
  role: RoleFacts
  /** Latchkeys that are open, of any process, in the namespace; 0 where there is no schema. */
  nodes: number
}

/** What the role of a connection may do. */
export interface RoleFacts {
  name: string
  isSuperuser: boolean
  /** Whether it may bring Latchkey's schema up to date, or make it. */
  mayMigrate: boolean
  /** What it lacks to serve keys, as `insert on latchkey.keys`. Empty where there is no schema. */
  lacks: string[]
}

/** Whether what is announced to a channel is heard: `unheard` within the deadline; `pooled` where nothing can be. */
export type Hearing = { outcome: 'heard'; afterMs: number } | { outcome: 'unheard' } | { outcome: 'pooled' }

/** Always the same one: behind a pooler, who listens stays behind on a connection of somebody else's. */
const CHANNEL = 'latchkey_inspection'
const HEARING_DEADLINE_MS = 3_000

/**
 * Asks a database what a person who looks for trouble wants to know, and changes nothing.
 *
 * @throws StoreUnavailable when it does not answer.
 */
export async function inspectDatabase(
  database: Database,
  { namespace, now = Date.now }: { namespace: string; now?: () => number },
): Promise<DatabaseFacts> {
  return guarded('Cannot inspect the database', async () => {
    // The first statement may have to connect, which would count as slowness.
    await database.query('select 1', [])
    const sentAt = performance.now()
    const sentAtMs = now()
    const [clock] = await database.query<{ ms: number }>(READ_CLOCK, [])
    const answeredAfterMs = performance.now() - sentAt
    const [facts] = await database.query<FactsRow>(READ_FACTS, [])
    const { hasSchema, roleName, isSuperuser, mayMigrate, ...server } = facts!
    const [missing] = hasSchema ? await database.query<{ lacks: string }>(READ_LACKS, []) : []
    const lacks = JSON.parse(missing?.lacks ?? '[]') as string[]
    const mayCount = hasSchema && !lacks.some((lack) => lack.endsWith('latchkey') || lack === SELECT_NODES)
    const [living] = mayCount ? await database.query<{ nodes: number }>(COUNT_NODES, [namespace]) : []
    return {
      ...server,
      answeredAfterMs,
      clockAheadMs: clock!.ms - (sentAtMs + answeredAfterMs / 2),
      role: { name: roleName, isSuperuser, mayMigrate, lacks },
      nodes: living?.nodes ?? 0,
    }
  })
}

/**
 * Listens, announces something, and waits until it is heard, three seconds at most.
 *
 * @throws StoreUnavailable when the database does not answer.
 */
export async function tryNotifications(database: Database): Promise<Hearing> {
  const { listen } = database
  if (listen === null) return { outcome: 'pooled' }
  return guarded('Cannot listen for notifications', async () => {
    const token = randomUUID()
    const heard = Promise.withResolvers<boolean>()
    const listening = await listen(CHANNEL, (payload) => payload === token && heard.resolve(true))
    const timer = setTimeout(() => heard.resolve(false), HEARING_DEADLINE_MS)
    try {
      const sentAt = performance.now()
      await database.query('select pg_notify($1, $2)', [CHANNEL, token])
      return (await heard.promise)
        ? { outcome: 'heard', afterMs: performance.now() - sentAt }
        : { outcome: 'unheard' }
    } finally {
      clearTimeout(timer)
      await listening.close()
    }
  })
}

const READ_CLOCK = `select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`

interface FactsRow {
  serverVersion: string
  serverVersionNumber: number
  isReadOnly: boolean
  hasSchema: boolean
  roleName: string
  isSuperuser: boolean
  mayMigrate: boolean
}

/** Whoever owns the schema and all that is in it may migrate it; where there is none, who may make one. */
const READ_FACTS = `
  select
    split_part(current_setting('server_version'), ' ', 1) as "serverVersion",
    current_setting('server_version_num')::int as "serverVersionNumber",
    pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "isReadOnly",
    schema.oid is not null as "hasSchema",
    current_user::text as "roleName",
    role.rolsuper as "isSuperuser",
    case when schema.oid is null then has_database_privilege(current_database(), 'create')
    else pg_has_role(schema.nspowner, 'usage') and not exists (
      select from pg_class where relnamespace = schema.oid and relkind in ('r', 'p')
        and not pg_has_role(relowner, 'usage')
    ) end as "mayMigrate"
  from pg_roles as role
  left join pg_namespace as schema on schema.nspname = 'latchkey'
  where role.rolname = current_user`

const SELECT_NODES = 'select on latchkey.nodes'

/** The journal of migrations and the audit trail are only read: triggers write the trail, with rights of their own. */
const READ_LACKS = `
  select coalesce(json_agg(lack order by lack), '[]')::text as lacks from (
    select 'usage on schema latchkey' as lack
    where not has_schema_privilege('latchkey', 'usage')
    union all
    select privilege || ' on latchkey.' || relname
    from pg_class
    cross join unnest(array['select', 'insert', 'update', 'delete']) as privilege
    where relnamespace = 'latchkey'::regnamespace
      and (relkind in ('r', 'p') or relkind = 'v' and privilege = 'select')
      and (privilege = 'select' or relname not in ('migrations', 'audit_chains', 'audit_events'))
      and not has_table_privilege(pg_class.oid, privilege)
  ) as lacking`

const COUNT_NODES = `select count(*)::int as nodes from latchkey.nodes where namespace = $1 and ${ALIVE}`

async function guarded<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw StoreUnavailable.from(error, where)
  }
}
