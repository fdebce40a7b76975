import { sql } from 'drizzle-orm'
import type { AuditStore, StoredChain } from '../audit-store.ts'
import type { StoredEvent } from '../audit-event.ts'
import type { AuditQuery } from '../audit-query.ts'
import { auditContext, type Author } from '../author.ts'
import { within } from '../deadline.ts'
import { keyIdFromUuid, keyIdToUuid } from '../key-id.ts'
import type { Database, DrizzleDatabase, Parameter } from './database.ts'

const DEADLINE_MS = 5_000
const EVENTS_PER_READ = 500
const CHAINS_PER_READ = 100

/** Tells the triggers of a transaction who makes its changes. */
export async function recordAs(
  transaction: DrizzleDatabase,
  author: Author,
  source: 'import' | null = null,
): Promise<void> {
  await transaction.execute(sql`select set_config('latchkey.context', ${auditContext(author, source)}, true)`)
}

/** The same in a statement that is a transaction by itself: before whatever reads from `context`. */
export const recordedAs = (parameter: number) =>
  `context as materialized (select set_config('latchkey.context', $${parameter}, true))`

const EVENT = `events.sequence::float8 as sequence, (extract(epoch from at) * 1000)::float8 as "atMs",
  events.key_id::text as "keyUuid", action, actor_id as "actorId", encode(events.hash, 'hex') as hash, events.text`

interface EventRow extends Omit<StoredEvent, 'at' | 'keyId'> {
  atMs: number
  keyUuid: string | null
}

function toEvent({ atMs, keyUuid, ...event }: EventRow): StoredEvent {
  return { ...event, at: new Date(atMs), keyId: keyUuid === null ? null : keyIdFromUuid(keyUuid) }
}

/** Conditions only for what is asked, so that each combination has a plan of its own. */
function toConditions(query: AuditQuery | null, parameters: Parameter[]): string {
  const { keyUuid, actions, actorId, since, until } = query ?? {}
  const conditions = [
    keyUuid && `key_id = ${add(keyUuid)}::text::uuid`,
    actions && `action = any (${add(`{${actions.join(',')}}`)}::text::text[])`,
    actorId && `actor_id = ${add(actorId)}`,
    since && `at >= ${add(since.toISOString())}::text::timestamptz`,
    until && `at < ${add(until.toISOString())}::text::timestamptz`,
  ]
  return conditions
    .filter((condition) => condition)
    .map((condition) => ` and ${condition}`)
    .join('')

  function add(value: string): string {
    return `$${parameters.push(value)}`
  }
}

const CHAINS = `select id, owner, sequence::float8 as sequence, encode(hash, 'hex') as hash, (
    select coalesce(max(sequence), 0) from latchkey.audit_events where chain_id = chains.id
  )::float8 as "lastStored"
  from latchkey.audit_chains as chains where namespace = $1`

/** Chains are locked in the order of their owners, as triggers lock them. */
const RECORD = `select latchkey.record_operator($1, owner, key_id, action, details, $2::text::jsonb)
  from (
    select * from json_to_recordset($3::text::json) as acts (owner text, key_id uuid, action text, details jsonb)
    order by owner
  ) as acts`

interface ChainRow extends Omit<StoredChain, 'head'> {
  sequence: number
  hash: string
}

function toChain({ sequence, hash, ...chain }: ChainRow): StoredChain {
  return { ...chain, head: { sequence, hash } }
}

/** The audit trail in Postgres; the promises are in {@link AuditStore}. */
export function createAuditStore(database: Database, namespace: string): AuditStore {
  const query = <Row>(text: string, parameters: Parameter[]) =>
    within(DEADLINE_MS, database.query<Row>(text, parameters), () => database.reportOverdue())

  return {
    async record(acts, actor) {
      const rows = acts.map(({ owner, keyId, action, details }) => ({
        ...{ owner, action, details },
        key_id: keyId === undefined ? null : keyIdToUuid(keyId),
      }))
      await query(RECORD, [namespace, auditContext(actor), JSON.stringify(rows)])
    },

    async list(owner, wanted, { limit, before }) {
      const parameters = [namespace, owner, String(limit)]
      const conditions = toConditions(wanted, parameters)
      const isBefore =
        before === null
          ? ''
          : ` and (at, sequence) < ($${parameters.push(before.at.toISOString())}::text::timestamptz,
              $${parameters.push(String(before.sequence))}::text::bigint)`
      const rows = await query<EventRow>(
        `select ${EVENT} from latchkey.audit_events as events
          where chain_id = (select id from latchkey.audit_chains where namespace = $1 and owner = $2)
            ${conditions}${isBefore}
          order by at desc, events.sequence desc limit $3::text::integer`,
        parameters,
      )
      return rows.map(toEvent)
    },

    async findChain(owner) {
      const [row] = await query<ChainRow>(`${CHAINS} and owner = $2`, [namespace, owner])
      return row === undefined ? null : toChain(row)
    },

    async listChains(afterId) {
      const text = `${CHAINS} and id > $2::text::integer order by id limit ${CHAINS_PER_READ}`
      return (await query<ChainRow>(text, [namespace, String(afterId)])).map(toChain)
    },

    async read({ id }, wanted, { after, through }) {
      const parameters = [id, after, through].map(String)
      const rows = await query<EventRow>(
        `select ${EVENT} from latchkey.audit_events as events
          where chain_id = $1::text::integer
            and sequence > $2::text::bigint and sequence <= $3::text::bigint ${toConditions(wanted, parameters)}
          order by events.sequence limit ${EVENTS_PER_READ}`,
        parameters,
      )
      return rows.map(toEvent)
    },
  }
}
