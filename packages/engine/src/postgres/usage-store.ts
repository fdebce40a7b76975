import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import ipaddr from 'ipaddr.js'
import { within } from '../deadline.ts'
import { keyIdToUuid } from '../key-id.ts'
import type { UsageBatch } from '../usage.ts'
import type { Database } from './database.ts'

const DEADLINE_MS = 5_000

/**
 * Where counts live. Like the keys' store it serves one namespace, and rejects with StoreUnavailable and nothing
 * else. Every SQL statement about usage is in this file.
 */
export interface UsageStore {
  /**
   * Adds a batch to what is stored, and moves last uses forward, never back; unless the node has stored this batch
   * or a later one before. A key that is gone by now is no error.
   */
  save(batch: UsageBatch): Promise<void>
}

/** @param nodeId a UUID of the process' own: batches are told apart by it and their number. */
export function createUsageStore(database: Database, namespace: string, nodeId: string): UsageStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async save({ sequence, counts }) {
      const owners = ownerSubjects(namespace)
      const keyIds = counts.map(({ id }) => keyIdToUuid(id))
      const uses = [...lastUses(counts).values()]
      // Sorted, so that two nodes that store the same keys at once cannot wait for each other.
      await answer(
        drizzle.execute(sql`
          with fresh as (
            insert into latchkey.usage_flushes (node, sequence) values (${nodeId}::uuid, ${sequence}::bigint)
            on conflict (node) do update set sequence = excluded.sequence, stored_at = now()
            where usage_flushes.sequence < excluded.sequence
            returning node
          ),
          uses as (
            insert into latchkey.last_used (key_id, used_at, address)
            select key_id, used_at, address
            from unnest(
              ${list(uses.map(({ id }) => keyIdToUuid(id)))}::uuid[],
              ${list(uses.map(({ lastUsedMs }) => moment(lastUsedMs)))}::timestamptz[],
              ${list(uses.map(({ address }) => plainAddress(address)))}::inet[]
            ) as used (key_id, used_at, address)
            where exists (select from fresh)
            order by key_id
            on conflict (key_id) do update set used_at = excluded.used_at, address = excluded.address
            where last_used.used_at < excluded.used_at
          )
          insert into latchkey.usage (subject, resolution, bucket, outcome, count, namespace)
          select subject, resolution, date_bin(width, minute, 'epoch'), outcome, sum(count), ${namespace}
          from unnest(
            ${list(keyIds)}::uuid[],
            ${list(counts.map(({ owner }) => owners(owner)))}::uuid[],
            ${list(counts.map(({ minute }) => moment(minute * 60_000)))}::timestamptz[],
            ${list(counts.map(({ outcome }) => outcome))}::text[],
            ${list(counts.map(({ count }) => count))}::bigint[]
          ) as counted (key_id, owner, minute, outcome, count)
          cross join lateral (values (key_id), (owner)) as subjects (subject)
          cross join (
            values ('m'::"char", interval '1 minute'), ('q', interval '15 minutes'), ('d', interval '1 day')
          ) as resolutions (resolution, width)
          where exists (select from fresh)
          group by 1, 2, 3, 4
          order by 1, 2, 3, 4
          on conflict (subject, resolution, bucket, outcome) do update set count = usage.count + excluded.count`),
      )
    },
  }
}

/** An array as Postgres writes it. None of the values needs quotes. */
function list(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`
}

const moment = (ms: number) => new Date(ms).toISOString()

/** The last use of each key in a batch. */
function lastUses(counts: UsageBatch['counts']) {
  const uses = new Map<string, UsageBatch['counts'][number]>()
  for (const count of counts) {
    const other = uses.get(count.id)
    if (count.outcome === 'accepted' && !(other && other.lastUsedMs > count.lastUsedMs)) {
      uses.set(count.id, count)
    }
  }
  return uses
}

/** An address that Postgres takes: without a zone, and IPv4 as such. Whatever is no address is none. */
function plainAddress(address: string | null): string | null {
  const plain = address?.split('%', 1)[0]
  return plain !== undefined && ipaddr.isValid(plain) ? ipaddr.process(plain).toString() : null
}

/** Under which UUID an owner's requests are counted, remembered for a batch. Its version tells it from a key's. */
function ownerSubjects(namespace: string): (owner: string) => string {
  const subjects = new Map<string, string>()
  return (owner) => {
    let subject = subjects.get(owner)
    if (subject === undefined) {
      const digest = createHash('sha256')
        .update(JSON.stringify([namespace, owner]))
        .digest('hex')
      subject = `${digest.slice(0, 12)}8${digest.slice(13, 16)}8${digest.slice(17, 32)}`
      subjects.set(owner, subject)
    }
    return subject
  }
}
