import { and, asc, desc, eq, gt, isNotNull, isNull, lt, lte, not, or, sql, type SQL } from 'drizzle-orm'
import { keyIdToUuid } from '../key-id.ts'
import type { KeyState } from '../key.ts'
import type { ListQuery } from '../store.ts'
import { keys, lastUsed, retiredSecrets } from './schema.ts'

/** Which of an owner's keys the pages are made of. */
export function filters(query: ListQuery): (SQL | undefined)[] {
  return [
    or(...query.states.map((state) => hasState(state, query.now))),
    query.environment === null ? undefined : eq(keys.environment, query.environment),
    query.search === null ? undefined : matches(query.search),
    query.scopeNames === null ? undefined : holdsAny(query.scopeNames),
    query.createdBy === null ? undefined : eq(keys.createdById, query.createdBy),
    query.expiresBefore === null ? undefined : lt(keys.expiresAt, query.expiresBefore),
    query.neverExpires === null ? undefined : negatedUnless(query.neverExpires, isNull(keys.expiresAt)),
    query.unusedSince === null ? undefined : isUnusedSince(query.unusedSince),
    query.rotating === null ? undefined : negatedUnless(query.rotating, isRotating(query.now)),
  ]
}

/** Which of them come behind the page before. */
export function isOnPage(query: ListQuery): SQL | undefined {
  return query.after === null ? undefined : isAfter(query)
}

const negatedUnless = (wanted: boolean, condition: SQL) => (wanted ? condition : not(condition))

function holdsAny(names: readonly string[]): SQL {
  const list = sql.join(
    names.map((name) => sql`${name}`),
    sql`, `,
  )
  return sql`string_to_array(${keys.scopes}, ' ') && array[${list}]::text[]`
}

function isUnusedSince(moment: Date): SQL | undefined {
  const uses = sql`select from ${lastUsed} where ${lastUsed.keyId} = ${keys.id}
    and ${lastUsed.usedAt} >= ${moment.toISOString()}::timestamptz`
  return and(lt(keys.createdAt, moment), sql`not exists (${uses})`)
}

function isRotating(now: Date): SQL {
  const retiring = sql`select from ${retiredSecrets} where ${retiredSecrets.keyId} = ${keys.id}
    and ${retiredSecrets.endsAt} > ${now.toISOString()}::timestamptz`
  return sql`exists (${retiring})`
}

/** The same precedence as `keyState`, in SQL. */
function hasState(state: KeyState, now: Date): SQL | undefined {
  const isExpired = lte(keys.expiresAt, now)
  const isCurrent = and(isNull(keys.revokedAt), or(isNull(keys.expiresAt), gt(keys.expiresAt, now)))
  if (state === 'revoked') return isNotNull(keys.revokedAt)
  if (state === 'expired') return and(isNull(keys.revokedAt), isExpired)
  if (state === 'disabled') return and(isCurrent, isNotNull(keys.disabledAt))
  const isPending = gt(keys.notBefore, now)
  const isEnabled = and(isCurrent, isNull(keys.disabledAt))
  if (state === 'pending') return and(isEnabled, isPending)
  return and(isEnabled, or(isNull(keys.notBefore), lte(keys.notBefore, now)))
}

function matches(search: string): SQL | undefined {
  const literal = search.replace(/[\\%_]/g, '\\$&')
  return or(
    sql`${keys.name} ilike ${`%${literal}%`} escape '\\'`,
    sql`${keys.start} like ${`${literal}%`} escape '\\'`,
  )
}

/** By character code, whatever the database's language, so that every database pages alike. */
const sortableName = sql`lower(${keys.name}) collate "C"`

/** In which order. */
export function order({ sort }: ListQuery): SQL[] {
  const direction = sort.startsWith('-') ? desc : asc
  const column = sort.endsWith('name') ? sortableName : keys.createdAt
  return [direction(column), direction(keys.id)]
}

function isAfter({ sort, after }: ListQuery): SQL {
  const comparison = sort.startsWith('-') ? sql`<` : sql`>`
  const [column, value] = sort.endsWith('name')
    ? [sortableName, sql`lower(${after!.value}) collate "C"`]
    : [keys.createdAt, sql`${after!.value}::timestamptz`]
  return sql`(${column}, ${keys.id}) ${comparison} (${value}, ${keyIdToUuid(after!.id)}::uuid)`
}
