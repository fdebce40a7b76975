import { createHash } from 'node:crypto'
import { sql, type SQL } from 'drizzle-orm'
import ipaddr from 'ipaddr.js'
import { within } from '../deadline.ts'
import { keyIdToUuid } from '../key-id.ts'
import type { UsedKeys } from '../usage-of-keys.ts'
import type { UsageRange } from '../usage-query.ts'
import { RESOLUTIONS, type Resolution } from '../usage-retention.ts'
import type { UsageBatch } from '../usage.ts'
import type { Database } from './database.ts'
import {
  countsOf,
  deletedBefore,
  LETTERS,
  list,
  moment,
  readKeys,
  type StoredCounts,
  type StoredKeyCounts,
} from './usage-read.ts'

const DEADLINE_MS = 5_000
/** Rows deleted by one statement: far more than arrive meanwhile, too few to be felt. */
const SWEEP_SIZE = 5_000
/** A flush is sent again within seconds or, after an outage, when the database is back. */
const FLUSHES_KEPT_DAYS = 7
/**
 * Where counts live. Like the keys' store it serves one namespace, and rejects with StoreUnavailable and nothing
 * else. Every SQL statement about usage is in this file and in `usage-read`.
 */
export interface UsageStore {
  /**
   * Adds a batch to what is stored, and moves last uses forward, never back; unless the node has stored this batch
   * or a later one before. A key that is gone by now is no error.
   */
  readonly save: (batch: UsageBatch) => Promise<void>

  /** What the owner's key with this id was used; null when there is no such key. */
  readKey(owner: string, id: string, range: UsageRange): Promise<StoredCounts | null>

  /** What all keys of the owner were used. */
  readOwner(owner: string, range: UsageRange): Promise<StoredCounts>

  /** What several keys of the owner were used: those that are named, in this order, or those with the most requests. */
  readKeys(owner: string, keys: UsedKeys, range: UsageRange): Promise<StoredKeyCounts>

  /**
   * Deletes counts from before these moments, some thousands at a time, and remembers that it did.
   *
   * @returns whether there is more to delete.
   */
  sweep(keptSinceMs: Readonly<Record<Resolution, number>>): Promise<boolean>
}

/** @param nodeId a UUID of the process' own: batches are told apart by it and their number. */
export function createUsageStore(database: Database, namespace: string, nodeId: string): UsageStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async save({ sequence, counts }) {
      const owners = ownerSubjects(namespace)
      const uuids = new Map(counts.map(({ id }) => [id, keyIdToUuid(id)!]))
      const keyIds = counts.map(({ id }) => uuids.get(id)!)
      const uses = [...lastUses(counts, uuids)]
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
            select key_id, to_timestamp(used_at_ms / 1000), address
            from unnest(
              ${list(uses.map(([uuid]) => uuid))}::uuid[],
              ${list(uses.map(([, { lastUsedMs }]) => lastUsedMs))}::float8[],
              ${list(uses.map(([, { address }]) => plainAddress(address)))}::inet[]
            ) as used (key_id, used_at_ms, address)
            where exists (select from fresh)
            order by key_id
            on conflict (key_id) do update set used_at = excluded.used_at, address = excluded.address
            where last_used.used_at < excluded.used_at
          )
          insert into latchkey.usage (subject, resolution, bucket, outcome, count, namespace)
          select subject, resolution, date_bin(width, to_timestamp(minute * 60), 'epoch'), outcome, sum(count), ${namespace}
          from unnest(
            ${list(keyIds)}::uuid[],
            ${list(counts.map(({ owner }) => owners(owner)))}::uuid[],
            ${list(counts.map(({ minute }) => minute))}::float8[],
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

    async readKey(owner, id, range) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return null
      const known = sql`select id from latchkey.keys
        where id = ${uuid}::uuid and owner_id = (
          select id from latchkey.owners where namespace = ${namespace} and owner = ${owner})`
      return read(known, range)
    },

    async readOwner(owner, range) {
      return (await read(sql`select ${ownerSubjects(namespace)(owner)}::uuid as id`, range))!
    },

    readKeys(owner, wanted, range) {
      return answer(readKeys(drizzle, { namespace, owner }, wanted, range))
    },

    async sweep(keptSinceMs) {
      let isMore = false
      for (const resolution of Object.keys(RESOLUTIONS) as Resolution[]) {
        if (await sweepResolution(resolution, keptSinceMs[resolution])) isMore = true
      }
      await answer(
        drizzle.execute(sql`
          delete from latchkey.usage_flushes
          where stored_at < now() - make_interval(days => ${FLUSHES_KEPT_DAYS}::int)`),
      )
      return isMore
    },
  }

  /** One statement, so that what it sees of counts and of their deletion is of one moment. */
  async function read(subject: SQL, range: UsageRange): Promise<StoredCounts | null> {
    const [found] = await answer(
      drizzle
        .select({
          isKnown: sql<boolean>`exists (${subject})`,
          deletedBeforeMs: deletedBefore(namespace, range),
          counts: sql<StoredCounts['counts'] | null>`(${countsOf(namespace, sql`(${subject})`, range)})`,
        })
        .from(sql`(values (1)) as one`),
    )
    if (found?.isKnown !== true) return null
    return { deletedBeforeMs: found.deletedBeforeMs ?? 0, counts: found.counts ?? [] }
  }

  /** Leaves to other nodes what they are deleting, and never waits for a flush. */
  async function sweepResolution(resolution: Resolution, sinceMs: number): Promise<boolean> {
    const old = sql`namespace = ${namespace} and resolution = ${LETTERS[resolution]}::"char"
      and bucket < ${moment(sinceMs)}::timestamptz`
    await answer(
      drizzle.execute(sql`
        with kept as (
          insert into latchkey.usage_kept (namespace, resolution, since)
          values (${namespace}, ${LETTERS[resolution]}::"char", ${moment(sinceMs)}::timestamptz)
          on conflict (namespace, resolution) do update set since = excluded.since
          where usage_kept.since < excluded.since
        ),
        old as (
          select ctid from latchkey.usage where ${old} limit ${SWEEP_SIZE} for update skip locked
        )
        delete from latchkey.usage where ctid in (select ctid from old)`),
    )
    const [left] = await answer(
      drizzle
        .select({ exists: sql<boolean>`exists (select from latchkey.usage where ${old})` })
        .from(sql`(values (1)) as one`),
    )
    return left?.exists === true
  }
}

/** The last use of each key in a batch. */
function lastUses(counts: UsageBatch['counts'], uuids: ReadonlyMap<string, string>) {
  const uses = new Map<string, UsageBatch['counts'][number]>()
  for (const count of counts) {
    if (count.outcome !== 'accepted') continue
    for (const uuid of [uuids.get(count.id)!, count.secretId]) {
      if (uuid === undefined) continue
      const other = uses.get(uuid)
      if (!(other && other.lastUsedMs > count.lastUsedMs)) uses.set(uuid, count)
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
