import { keyIdFromUuid } from '../key-id.ts'
import type { Metadata } from '../key.ts'
import type { KeyKind } from '../key-kind.ts'
import { createPlaces, type Places } from '../places.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { ScopeCatalog } from '../scopes.ts'
import { hashBytes, hashFromBytes, type Environment } from '../secret.ts'
import type { Barred, KeyFacts } from '../verdict.ts'

/** What {@link KeyFacts} needs, in types that every driver reads alike. */
const FACTS = `keys.id::text, owner, name, environment, keys.scopes, metadata::text, rate_limits::text,
  case when revoked_at is not null then 'revoked' when suspended_at is not null then 'suspended'
    when disabled_at is not null then 'disabled' end as barred,
  (extract(epoch from expires_at) * 1000)::float8 as expires_at_ms,
  (extract(epoch from not_before) * 1000)::float8 as not_before_ms, owners.scopes as owner_scopes,
  kind, allowed_ips, allowed_origins, block_browsers,
  (select allotment::text from latchkey.quotas where key_id = keys.id) as allotment`
const OF_PRESENT = `${FACTS}, keys.hash, null as retired_id, null::float8 as ends_at_ms
  from latchkey.keys join latchkey.owners on owners.id = keys.owner_id`
const OF_RETIRED = `${FACTS}, retired.hash, retired.id::text as retired_id,
  (extract(epoch from retired.ends_at) * 1000)::float8 as ends_at_ms
  from latchkey.retired_secrets as retired join latchkey.keys on keys.id = retired.key_id
  join latchkey.owners on owners.id = keys.owner_id`
/** The key of one hash: $1 is the namespace, $2 the hash. */
export const FIND_ONE = `select ${OF_PRESENT} where namespace = $1 and keys.hash = $2
  union all select ${OF_RETIRED} where namespace = $1 and retired.hash = $2`
/** The keys of several: $2 is an array of them as text. Joined, not compared with `any`, which reads the text of the list again for every key that it finds. */
export const FIND_MANY = `with wanted as materialized (select unnest($2::text::bytea[]) as hash)
  select ${OF_PRESENT} join wanted on wanted.hash = keys.hash where namespace = $1
  union all select ${OF_RETIRED} join wanted on wanted.hash = retired.hash where namespace = $1`

/** An array of hashes as text, which every driver sends alike. */
export function hashList(hashes: readonly string[]): string {
  return `{${hashes.map((hash) => `"\\\\x${hashBytes(hash).toString('hex')}"`).join(',')}}`
}

/** What both statements find. */
export interface FactsRow {
  id: string
  hash: Uint8Array
  owner: string
  name: string
  environment: Environment
  scopes: string
  metadata: string | null
  rate_limits: string | null
  barred: Barred | null
  expires_at_ms: number | null
  not_before_ms: number | null
  owner_scopes: string | null
  retired_id: string | null
  ends_at_ms: number | null
  allotment: string | null
  kind: KeyKind | null
  allowed_ips: string | null
  allowed_origins: string | null
  block_browsers: boolean | null
}

/** What many keys have in common is kept once: their owner's name, lists of the same scopes, and the same places. */
export function createFactsReader({ expand, isPublic }: ScopeCatalog) {
  const owners = new Map<string, string>()
  const scopes = new Map<string, readonly string[]>()
  const places = new Map<string, Places | null>()
  const words = (line: string) => (line === '' ? [] : line.split(' '))

  /** What a key may do now: what it says, as far as its owner may do that, and anybody if it is publishable. */
  function grantedScopes({ scopes: own, owner_scopes: bound, kind }: FactsRow): readonly string[] {
    if (bound === null && kind === null) return remember(scopes, own, () => expand(words(own)))
    return remember(scopes, [own, kind, ...(bound === null ? [] : [bound])].join('\n'), () => {
      const allowed = bound === null ? null : new Set(expand(words(bound)))
      const isOpen = kind === 'publishable' ? isPublic : () => true
      return expand(words(own)).filter((scope) => (allowed?.has(scope) ?? true) && isOpen(scope))
    })
  }

  /** Where a key may be used. */
  function placesOf(row: FactsRow): Places | null {
    const { kind, allowed_ips: ips, allowed_origins: origins, block_browsers: blockBrowsers } = row
    if (kind === null && ips === null && origins === null && blockBrowsers === null) return null
    return remember(places, `${kind}\n${ips}\n${origins}\n${blockBrowsers}`, () =>
      createPlaces({
        kind: kind ?? 'secret',
        allowedIps: words(ips ?? ''),
        allowedOrigins: words(origins ?? ''),
        blockBrowsers: blockBrowsers ?? false,
      }),
    )
  }

  return (row: FactsRow): KeyFacts => ({
    id: keyIdFromUuid(row.id),
    hash: hashFromBytes(row.hash),
    owner: remember(owners, row.owner, String),
    name: row.name,
    // Not the text that was read: there is one for each row.
    environment: row.environment === 'live' ? 'live' : 'test',
    scopes: grantedScopes(row),
    metadata: row.metadata === null ? {} : (JSON.parse(row.metadata) as Metadata),
    rateLimits: row.rate_limits === null ? [] : (JSON.parse(row.rate_limits) as RateLimit[]),
    barred: row.barred,
    expiresAtMs: row.expires_at_ms,
    notBeforeMs: row.not_before_ms,
    retired: row.retired_id === null ? null : { id: row.retired_id, endsAtMs: row.ends_at_ms! },
    allotment: row.allotment,
    places: placesOf(row),
  })
}

const MAX_REMEMBERED = 10_000

/** Forgets everything now and then: simpler than knowing what is still in use, and nothing but memory depends on it. */
function remember<T>(known: Map<string, T>, name: string, make: (name: string) => T): T {
  let value = known.get(name)
  if (value === undefined) {
    if (known.size >= MAX_REMEMBERED) known.clear()
    value = make(name)
    known.set(name, value)
  }
  return value
}
