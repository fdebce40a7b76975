import { once } from 'node:events'
import { createLatchkey, parseSecret } from '@latchkey/engine'
import postgres from 'postgres'
import { digestOf, secretAt } from './secrets.ts'

export const SCOPES = { 'contacts:read': 'Read contacts', 'contacts:write': 'Create and change contacts' }
/** Whose keys they are; as long as the ids that sign-in libraries make, since its bytes count. */
export const OWNER = 'mX3wVbT9kQzRcN5dLpHfJ2sYgA7eU4tK'
export const ACTOR = { id: 'Zq8LrW2nPvC6xMbT4kJhG9sDfYaE3uRw', name: 'Ada Lovelace' }

const FIRST_CREATED_AT = Date.UTC(2025, 0, 1)
const ROWS_PER_WRITE = 1_000

/** Of a hundred keys, so many are not active. */
const REVOKED = 4
const EXPIRED = 3
const DISABLED = 3

/** Limits that every request is judged by and none ever reaches. */
export const HIGH_LIMITS = [
  { name: 'burst', limit: 1_000_000, windowSeconds: 1 },
  { name: 'sustained', limit: 1_000_000, windowSeconds: 10 },
]

/** Which keys to load. */
export interface BulkLoad {
  count: number
  withLimits?: boolean
  /** `mixed`: one in ten is revoked, expired or disabled; see {@link isActiveAt}. */
  states: 'active' | 'mixed'
}

/** Whether the key with this number opens something, among keys in mixed states. */
export function isActiveAt(index: number): boolean {
  return index % 100 >= REVOKED + EXPIRED + DISABLED
}

/**
 * Loads keys of one owner with COPY: key number `index` has the secret `secretAt(index)`. Every index of the table
 * is in place and grows as it would in years of use. The columns are those of a key that the engine made, so the
 * loader need not know the table.
 */
export async function loadKeys(url: string, { count, withLimits = false, states }: BulkLoad): Promise<void> {
  const template = await makeTemplate(url, withLimits)
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    // No trigger: the change feed is not what is measured, and nobody listens yet.
    await sql`set session_replication_role = replica`
    await sql`delete from latchkey.keys`
    const columns = [...template.keys()]
    const target = await sql`copy latchkey.keys (${sql(columns)}) from stdin`.writable()
    for (let index = 0; index < count; index += ROWS_PER_WRITE) {
      let rows = ''
      for (let i = index; i < Math.min(count, index + ROWS_PER_WRITE); i++) rows += row(template, i, states)
      if (!target.write(rows)) await once(target, 'drain')
    }
    target.end()
    await once(target, 'finish')
    await sql`set session_replication_role = origin`
    await sql`vacuum (analyze, freeze) latchkey.keys`
    await sql`checkpoint`
  } finally {
    await sql.end()
  }
}

/** The columns of a new key with their values as text. */
async function makeTemplate(url: string, withLimits: boolean): Promise<Map<string, string | null>> {
  const latchkey = await createLatchkey({ database: url, scopes: SCOPES })
  const created = await latchkey.keys.create(OWNER, ACTOR, {
    name: 'Template',
    scopes: ['contacts:read'],
    ...(withLimits && { rateLimits: HIGH_LIMITS }),
  })
  await latchkey.close()
  if (!created.ok) throw new Error(`The benchmark could not make its first key: ${created.reason}.`)

  const sql = postgres(url, { max: 1 })
  try {
    const columns = await sql<{ name: string }[]>`
      select column_name as name from information_schema.columns
      where table_schema = 'latchkey' and table_name = 'keys' and is_generated = 'NEVER' and identity_generation is null
      order by ordinal_position`
    const [texts] = await sql<Record<string, string | null>[]>`
      select ${columns.map(({ name }, i) => sql`${i > 0 ? sql`,` : sql``} ${sql(name)}::text as ${sql(name)}`)}
      from latchkey.keys limit 1`
    return new Map(columns.map(({ name }) => [name, texts![name]!]))
  } finally {
    await sql.end()
  }
}

/** One line of COPY's text format. */
function row(template: Map<string, string | null>, index: number, states: BulkLoad['states']): string {
  const secret = secretAt(index)
  const createdMs = FIRST_CREATED_AT + index * 4_000
  const createdAt = new Date(createdMs).toISOString()
  const turn = states === 'mixed' ? index % 100 : Infinity
  const own: Record<string, string> = {
    id: uuidAt(createdMs, index),
    hash: `\\x${digestOf(secret).toString('hex')}`,
    start: parseSecret(secret)!.start,
    name: `Integration ${String((index * 7_919) % 10_000_019).padStart(8, '0')}`,
    created_at: createdAt,
    updated_at: createdAt,
  }
  if (turn < REVOKED) own['revoked_at'] = createdAt
  else if (turn < REVOKED + EXPIRED) own['expires_at'] = createdAt
  else if (turn < REVOKED + EXPIRED + DISABLED) own['disabled_at'] = createdAt

  let line = ''
  for (const [column, value] of template) {
    const text = column in own && !(column === 'updated_at' && value === null) ? own[column]! : value
    line += `${line === '' ? '' : '\t'}${text === null ? '\\N' : text.replaceAll('\\', '\\\\')}`
  }
  return `${line}\n`
}

/** A UUIDv7 of that millisecond. */
function uuidAt(ms: number, index: number): string {
  const time = ms.toString(16).padStart(12, '0')
  const rest = Math.imul(index + 1, 0x9e3779b1) >>> 0
  const tail = `${rest.toString(16).padStart(8, '0')}${index.toString(16).padStart(8, '0')}`
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(4, 16)}`
}
