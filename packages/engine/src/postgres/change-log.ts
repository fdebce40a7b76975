import { and, desc, eq, sql } from 'drizzle-orm'
import { hostname } from 'node:os'
import type { NodeStatus } from '../nodes.ts'
import type { RevocationReceipt, UnconfirmedChange } from '../receipts.ts'
import { VERSION } from '../version.ts'
import type { Database, DrizzleDatabase } from './database.ts'
import { changes, nodes } from './schema.ts'

/** A node that was not seen for so long has crashed: nobody waits for it any more. */
export const ALIVE = `seen_at > clock_timestamp() - interval '5 seconds'`
const MAX_READ = 10_000
const MAX_SWEPT = 20_000

/** A change of one key, or of every key of the namespace when `hash` is null. */
export interface Change {
  sequence: number
  /** As base64url. */
  hash: string | null
  wantsReceipt: boolean
}

/** What one reading found. */
export interface LogReading {
  /** Which transactions were over: from here the next reading goes on. */
  position: string
  /** The oldest transaction that was not over: whatever is older had been there for everyone to read. */
  oldestOpen: string
  /** Which run of which server answered. Another one may have lost changes, or count its transactions differently. */
  server: string
  /** By the database's clock, in milliseconds since 1970. */
  at: number
  changes: Change[]
  /** There were more changes than are read at once. */
  isCut: boolean
}

/** The position before any change. */
export const START = '1:1:'

/** The statements about changes, nodes and acknowledgements, for one node of one namespace. */
export type ChangeLog = ReturnType<typeof createChangeLog>

/** Reads and writes the log as this node. */
export function createChangeLog(
  database: Database,
  { node, namespace }: { node: string; namespace: string },
) {
  return {
    /**
     * Says that this node is alive, and reads what was committed since `position`, each change exactly once.
     *
     * @param isListening whether this node also hears of changes as they are made.
     */
    async read(position: string, isListening = false): Promise<LogReading> {
      const parameters = [node, namespace, position, VERSION, HOST, String(isListening)]
      const [row] = await database.query<LogRow>(READ, parameters)
      const { found, ...reading } = row!
      const read = JSON.parse(found) as [number, string | null, boolean][]
      return {
        ...reading,
        changes: read.map(([sequence, hash, wantsReceipt]) => ({ sequence, hash, wantsReceipt })),
        isCut: read.length > MAX_READ,
      }
    },

    /** Says that this node has dropped these changes. */
    async acknowledge(sequences: readonly number[]): Promise<void> {
      await database.query(ACKNOWLEDGE, [node, JSON.stringify(sequences)])
    },

    /** Which of the living nodes have dropped a change by now. */
    async readReceipt(sequence: number): Promise<RevocationReceipt> {
      const [row] = await database.query<RevocationReceipt>(READ_RECEIPT, [namespace, String(sequence)])
      return row!
    },

    /**
     * Removes changes of transactions older than `oldestOpen`, old acknowledgements and dead nodes.
     *
     * @returns whether all are gone; there is a limit to how many go at once.
     */
    async sweep(oldestOpen: string): Promise<boolean> {
      const [row] = await database.query<{ swept: number }>(SWEEP, [oldestOpen])
      return row!.swept < MAX_SWEPT
    },

    /** The nodes of the namespace, those that are gone without a word for a minute more. */
    async readNodes(): Promise<NodeStatus[]> {
      const rows = await database.query<NodeRow>(READ_NODES, [node, namespace])
      return rows.map(({ seenAtMs, ...row }) => ({ ...row, seenAt: new Date(seenAtMs) }))
    },

    /** Says that this node is gone. */
    async leave(): Promise<void> {
      await database.query('delete from latchkey.nodes where id = $1::uuid', [node])
    },
  }
}

/**
 * Sequence numbers are drawn before a commit, so a smaller one may appear after a greater one. Asking for what the
 * earlier snapshot could not see misses none. That a node lives is not written at every reading, since each time
 * costs a transaction id; and nobody waits for the receipt of an old change.
 */
const READ = `
  with alive as (
    insert into latchkey.nodes (id, namespace, seen_at, version, host, is_listening)
    select $1::uuid, $2, clock_timestamp(), $4, $5, $6::text::boolean
    where not exists (
      select from latchkey.nodes where id = $1::uuid and seen_at > clock_timestamp() - interval '2 seconds'
    )
    on conflict (id) do update set seen_at = excluded.seen_at, is_listening = excluded.is_listening
  ),
  found as (
    select sequence, translate(encode(hash, 'base64'), '+/=', '-_') as hash,
      wants_receipt and at > clock_timestamp() - interval '5 seconds' as wants_receipt
    from latchkey.changes
    where xid >= pg_snapshot_xmin($3::pg_snapshot)
      and not pg_visible_in_snapshot(xid, $3::pg_snapshot)
      and namespace = $2
    limit ${MAX_READ + 1}
  )
  select
    pg_current_snapshot()::text as position,
    pg_snapshot_xmin(pg_current_snapshot())::text as "oldestOpen",
    pg_postmaster_start_time()::text as server,
    (extract(epoch from clock_timestamp()) * 1000)::float8 as at,
    (select coalesce(json_agg(json_build_array(sequence, hash, wants_receipt)), '[]')::text from found) as found`

/** Where a node is, for whoever looks for it. */
const HOST = `${hostname()}:${process.pid}`

type LogRow = Omit<LogReading, 'changes' | 'isCut'> & { found: string }

const ACKNOWLEDGE = `
  insert into latchkey.change_acks (node, sequence)
  select $1::uuid, sequence::bigint from json_array_elements_text($2::text::json) as acknowledged (sequence)
  on conflict do nothing`

const READ_RECEIPT = `
  select
    count(*)::int as nodes,
    count(acknowledged.at)::int as confirmed,
    ceil(extract(epoch from
      max(acknowledged.at) - (select at from latchkey.changes where sequence = $2::bigint)
    ) * 1000)::float8 as "afterMs"
  from (select id from latchkey.nodes where namespace = $1 and ${ALIVE}) as alive
  full join (select node, at from latchkey.change_acks where sequence = $2::bigint) as acknowledged
    on acknowledged.node = alive.id`

/** How late a node was is told of the last change of which it was asked for a receipt. */
const READ_NODES = `
  select id::text, id = $1::uuid as "isSelf", version, host, is_listening as "isListening",
    (extract(epoch from seen_at) * 1000)::float8 as "seenAtMs", ${ALIVE} as "isAlive",
    (
      select ceil(extract(epoch from acks.at - changes.at) * 1000)::float8
      from latchkey.change_acks as acks join latchkey.changes using (sequence)
      where acks.node = nodes.id order by acks.sequence desc limit 1
    ) as "lagMs"
  from latchkey.nodes where namespace = $2
  order by host, id`

type NodeRow = Omit<NodeStatus, 'seenAt'> & { seenAtMs: number }

const SWEEP = `
  with old_changes as (
    delete from latchkey.changes where sequence in (
      select sequence from latchkey.changes where xid < $1::xid8
      limit ${MAX_SWEPT} for update skip locked
    ) returning 1
  ),
  old_acks as (
    delete from latchkey.change_acks where (sequence, node) in (
      select sequence, node from latchkey.change_acks where at < clock_timestamp() - interval '1 minute'
      limit ${MAX_SWEPT} for update skip locked
    ) returning 1
  ),
  dead_nodes as (
    delete from latchkey.nodes where id in (
      select id from latchkey.nodes where seen_at < clock_timestamp() - interval '1 minute'
      limit ${MAX_SWEPT} for update skip locked
    ) returning 1
  )
  select greatest(
    (select count(*) from old_changes), (select count(*) from old_acks), (select count(*) from dead_nodes)
  )::int as swept`

/**
 * The change that this transaction made and of which a receipt is wanted, and how many nodes should hear of it.
 * Of several the last, since nodes drop them in their order. Null when no key stopped being good.
 */
export async function findUnconfirmed(
  transaction: DrizzleDatabase,
  namespace: string,
): Promise<UnconfirmedChange | null> {
  const living = transaction.$count(nodes, and(eq(nodes.namespace, namespace), sql.raw(ALIVE)))
  const [change] = await transaction
    .select({ sequence: changes.sequence, nodes: living })
    .from(changes)
    .where(and(sql`${changes.xid} = pg_current_xact_id()`, changes.wantsReceipt))
    .orderBy(desc(changes.sequence))
    .limit(1)
  return change ?? null
}
