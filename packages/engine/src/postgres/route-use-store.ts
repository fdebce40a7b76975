import { sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { keyIdToUuid } from '../key-id.ts'
import type { KeyRoute, RouteUse, RouteUseBatch } from '../route-uses.ts'
import type { Database } from './database.ts'

const DEADLINE_MS = 5_000
const SWEEP_SIZE = 5_000

/** What is stored of one route that a key has opened. */
export interface StoredRouteUse extends KeyRoute {
  readonly count: number
  /** The last day on which it was, of UTC. */
  readonly lastDay: string
}

/** What is stored of one key. */
export interface StoredRouteUses {
  /** What the key may do, as it holds it. */
  readonly scopes: readonly string[]
  readonly createdMs: number
  /** Since when routes are counted at all, in milliseconds since 1970; null: nothing was ever counted. */
  readonly countedSinceMs: number | null
  readonly routes: readonly StoredRouteUse[]
}

/** Where it is kept which routes keys open. Every SQL statement about it is in this file; it rejects with StoreUnavailable alone. */
export interface RouteUseStore {
  readonly save: (batch: RouteUseBatch) => Promise<void>
  /** What the owner's key with this id has opened since a day; null when there is no such key. */
  read(owner: string, id: string, sinceDay: string): Promise<StoredRouteUses | null>
  /** Deletes some thousands of uses from before a day. Whether there is more to delete. */
  sweep(beforeDay: string): Promise<boolean>
}

/** @param nodeId a UUID of the process' own and for this alone: batches are told apart by it and their number. */
export function createRouteUseStore(database: Database, namespace: string, nodeId: string): RouteUseStore {
  const { drizzle } = database
  const answer = <T>(work: Promise<T>) => within(DEADLINE_MS, work, () => database.reportOverdue())

  return {
    async save({ sequence, uses }) {
      const routes = JSON.stringify([...new Set(uses.map(({ route }) => route))].map(toRow))
      const rows = JSON.stringify(uses.map(toUse))
      await answer(
        drizzle.execute(sql`
          insert into latchkey.routes (namespace, method, path, scopes, any_scope)
          select ${namespace}, method, path, scopes, any_scope
          from jsonb_to_recordset(${routes}::text::jsonb)
            as asked (method text, path text, scopes text, any_scope text)
          order by 1, 2, 3, 4, 5
          on conflict do nothing`),
      )
      // Sorted, so that two nodes that store the same keys at once cannot wait for each other.
      await answer(
        drizzle.execute(sql`
          with fresh as (
            insert into latchkey.usage_flushes (node, sequence) values (${nodeId}::uuid, ${sequence}::bigint)
            on conflict (node) do update set sequence = excluded.sequence, stored_at = now()
            where usage_flushes.sequence < excluded.sequence
            returning node
          )
          insert into latchkey.route_uses (key_id, route_id, day, count)
          select key_id, id, day, sum(count)
          from jsonb_to_recordset(${rows}::text::jsonb)
            as used (key_id uuid, day date, count bigint, method text, path text, scopes text, any_scope text)
          join latchkey.routes using (method, path, scopes, any_scope)
          where routes.namespace = ${namespace} and exists (select from fresh)
          group by 1, 2, 3
          order by 1, 2, 3
          on conflict (key_id, route_id, day) do update set count = route_uses.count + excluded.count`),
      )
    },

    async read(owner, id, sinceDay) {
      const uuid = keyIdToUuid(id)
      if (uuid === null) return null
      const ownKey = sql`from latchkey.keys where id = ${uuid}::uuid and owner_id = (
        select id from latchkey.owners where namespace = ${namespace} and owner = ${owner})`
      const [found] = await answer(
        drizzle
          .select({
            scopes: sql<string | null>`(select scopes ${ownKey})`,
            createdMs: sql<number | null>`(select (extract(epoch from created_at) * 1000)::float8 ${ownKey})`,
            countedSinceMs: sql<number | null>`(
              select (extract(epoch from min(seen_at)) * 1000)::float8 from latchkey.routes
              where namespace = ${namespace})`,
            routes: sql<StoredRow[] | null>`(
              select json_agg(opened order by opened.count desc, opened.path collate "C", opened.method collate "C") from (
                select method, path, scopes, any_scope as "anyScope", sum(count)::float8 as count,
                  max(day)::text as "lastDay"
                from latchkey.route_uses join latchkey.routes on routes.id = route_id
                where key_id = ${uuid}::uuid and namespace = ${namespace} and day >= ${sinceDay}::date
                group by 1, 2, 3, 4
              ) as opened)`,
          })
          .from(sql`(values (1)) as one`),
      )
      if (found === undefined || found.scopes === null) return null
      const { scopes, createdMs, countedSinceMs, routes } = found
      return {
        scopes: words(scopes),
        createdMs: createdMs ?? 0,
        countedSinceMs,
        routes: (routes ?? []).map(fromRow),
      }
    },

    async sweep(beforeDay) {
      const old = sql`day < ${beforeDay}::date`
      await answer(
        drizzle.execute(sql`
          delete from latchkey.route_uses where ctid in (
            select ctid from latchkey.route_uses where ${old} limit ${SWEEP_SIZE} for update skip locked)`),
      )
      const [left] = await answer(
        drizzle
          .select({ exists: sql<boolean>`exists (select from latchkey.route_uses where ${old})` })
          .from(sql`(values (1)) as one`),
      )
      return left?.exists === true
    },
  }
}

interface StoredRow extends Omit<StoredRouteUse, 'scopes' | 'anyScope'> {
  scopes: string
  anyScope: string
}

const toRow = ({ method, path, scopes, anyScope }: KeyRoute) => ({
  method,
  path,
  scopes: scopes.join(' '),
  any_scope: anyScope.join(' '),
})

const toUse = ({ route, id, day, count }: RouteUse) => ({
  ...toRow(route),
  key_id: keyIdToUuid(id),
  day,
  count,
})

const fromRow = (row: StoredRow): StoredRouteUse => ({
  ...row,
  scopes: words(row.scopes),
  anyScope: words(row.anyScope),
})

const words = (text: string): string[] => (text === '' ? [] : text.split(' '))
