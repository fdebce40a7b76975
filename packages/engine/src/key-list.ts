import { keyIdToUuid } from './key-id.ts'
import { invalid, type Checked } from './checked.ts'
import { checkEnvironment, isStorableText } from './key-input.ts'
import { KEY_STATES, type ApiKey, type KeyState } from './key.ts'
import { parseSecret, type Environment } from './secret.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { KeySort, ListQuery, PagePosition } from './store.ts'

export const DEFAULT_PAGE_SIZE = 25
export const MAX_PAGE_SIZE = 100
export const MAX_SEARCH_LENGTH = 200
export const MAX_FILTER_LENGTH = 255
export const KEY_SORTS: readonly KeySort[] = ['createdAt', '-createdAt', 'name', '-name']

/** Which of an owner's keys to list, and in which order. */
export interface ListOptions {
  /** How many, 1 to 100; 25 when left out. */
  limit?: number | undefined
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined
  /** Part of a name, in any case, or the beginning of a key's `start`, or its whole secret. */
  q?: string | undefined
  /** Only keys in these states; when left out, every key that is not revoked. */
  status?: readonly KeyState[] | undefined
  environment?: Environment | undefined
  /**
   * Only keys that may do this: by the scope's own name, by all of its resource (`contacts:*`) or by a set that has it.
   * Asked for `contacts:*` or a set, those that hold that very name.
   */
  scope?: string | undefined
  /** Only keys that the actor with this id created. */
  createdBy?: string | undefined
  /** Only keys that end by themselves before this moment, or have. */
  expiresBefore?: Date | undefined
  /** Only keys that never end by themselves, or with `false` only those that do. */
  neverExpires?: boolean | undefined
  /** Only keys that were created before this moment and not used since. */
  unusedSince?: Date | undefined
  /** Only keys whose secret before the present one still works, or with `false` only the others. */
  rotating?: boolean | undefined
  /** Whether to tell how many keys there are on all pages together. */
  count?: boolean | undefined
  /** `-createdAt`, newest first, when left out. */
  sort?: KeySort | undefined
}

/** Checks what was asked; `limit` in the result is one more than a page, to see whether another follows. */
export function parseListOptions(
  options: ListOptions,
  now: Date,
  catalog: Pick<ScopeCatalog, 'namesFor'>,
): Checked<ListQuery> {
  const { limit = DEFAULT_PAGE_SIZE, cursor, q, status, environment, sort = '-createdAt' } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_SIZE) {
    return invalid('limit', `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
  }
  if (!KEY_SORTS.includes(sort)) return invalid('sort', `must be one of ${KEY_SORTS.join(', ')}`)
  if (q !== undefined && (q.length > MAX_SEARCH_LENGTH || !isStorableText(q))) {
    return invalid('q', `must be at most ${MAX_SEARCH_LENGTH} characters of valid Unicode without U+0000`)
  }
  if (status?.some((state) => !KEY_STATES.includes(state))) {
    return invalid('status', `must be among: ${KEY_STATES.join(', ')}`)
  }
  if (environment !== undefined) {
    const checked = checkEnvironment(environment)
    if (!checked.ok) return checked
  }
  for (const field of ['scope', 'createdBy'] as const) {
    const text = options[field]
    if (text !== undefined && (text === '' || text.length > MAX_FILTER_LENGTH || !isStorableText(text))) {
      return invalid(field, `must be 1 to ${MAX_FILTER_LENGTH} characters of valid Unicode without U+0000`)
    }
  }
  for (const field of ['expiresBefore', 'unusedSince'] as const) {
    if (options[field] !== undefined && !isStorableMoment(options[field])) {
      return invalid(field, 'must be a moment from the year 1 to 9999')
    }
  }
  const after = cursor === undefined ? null : readCursor(cursor, sort)
  if (cursor !== undefined && after === null) {
    return invalid('cursor', 'is not the nextCursor of a page in this order')
  }
  const search = q === undefined ? null : searchFor(q.trim())
  const states = status?.length ? [...new Set(status)] : KEY_STATES.filter((state) => state !== 'revoked')
  return {
    ok: true,
    value: {
      limit: limit + 1,
      after,
      search,
      states,
      environment: environment ?? null,
      scopeNames: options.scope === undefined ? null : catalog.namesFor(options.scope),
      createdBy: options.createdBy ?? null,
      expiresBefore: options.expiresBefore ?? null,
      neverExpires: options.neverExpires ?? null,
      unusedSince: options.unusedSince ?? null,
      rotating: options.rotating ?? null,
      sort,
      now,
    },
  }
}

/** Whoever looks for a key by its whole secret finds it, and the secret still never reaches the database. */
function searchFor(text: string): string | null {
  if (text === '') return null
  return parseSecret(text)?.start ?? text
}

/** The cursor of the page that begins behind this key. Opaque to callers; it holds nothing they have not seen. */
export function writeCursor(key: ApiKey, sort: KeySort): string {
  const value = sort.endsWith('name') ? key.name : key.createdAt.toISOString()
  return Buffer.from(JSON.stringify([sort, value, key.id])).toString('base64url')
}

/** A cursor may come from anyone, so nothing in it is believed that is not checked. It selects within the owner's keys only. */
export function readCursor(cursor: string, sort: KeySort): PagePosition | null {
  const [cursorSort, value, id, ...rest] = parseArray(cursor)
  if (cursorSort !== sort || rest.length > 0) return null
  if (typeof value !== 'string' || typeof id !== 'string' || keyIdToUuid(id) === null) return null
  const isValue = sort.endsWith('name') ? isStorableText(value) : isIsoMoment(value)
  return isValue ? { value, id } : null
}

function parseArray(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

function isStorableMoment(date: Date): boolean {
  return !Number.isNaN(date.getTime()) && isIsoMoment(date.toISOString())
}

/** Postgres has no year 0. */
function isIsoMoment(text: string): boolean {
  return (
    /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text
  )
}
