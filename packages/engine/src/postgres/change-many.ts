import { and, asc, inArray, isNull, sql } from 'drizzle-orm'
import type { Author } from '../author.ts'
import { keyIdToUuid } from '../key-id.ts'
import type { ApiKey } from '../key.ts'
import { hashBytes } from '../secret.ts'
import type { ChangedMany, ChangeManyOptions, Decision, KeyChanges } from '../store.ts'
import { advisoryLockKey } from './advisory-lock.ts'
import { recordAs } from './audit-store.ts'
import { findUnconfirmed } from './change-log.ts'
import type { DrizzleDatabase } from './database.ts'
import { bare, hashesOf, isOf, selectKeys, toApiKey, type Owner } from './key-row.ts'
import { changeQuota } from './quota-store.ts'
import { keys } from './schema.ts'

/** Who makes a change, and when. */
interface By {
  actor: Author
  now: Date
}

/** Changes keys of an owner as `KeyStore.changeMany` promises, in the transaction that it is given. */
export async function changeMany<Refusal>(
  transaction: DrizzleDatabase,
  owner: Owner,
  ids: readonly string[],
  by: By,
  { maxKeys, hashes: hashesAsked }: ChangeManyOptions,
  decide: (current: ApiKey, room: number) => Decision<Refusal>,
): Promise<ChangedMany<Refusal>> {
  const uuids = ids.map(keyIdToUuid)
  const wanted = uuids.filter((uuid) => uuid !== null)
  if (wanted.length === 0) {
    return { results: ids.map(() => ({ outcome: 'not_found' })), unconfirmed: null }
  }
  // Before any key is locked, as a create has it, so that nobody waits in a circle.
  let room = maxKeys === undefined ? Infinity : maxKeys - (await countAlone(transaction, owner, maxKeys))
  const current = await transaction
    .select()
    .from(keys)
    .where(
      and(
        isOf(owner),
        inArray(keys.id, wanted),
        hashesAsked && inArray(keys.hash, hashesAsked.map(hashBytes)),
      ),
    )
    .orderBy(asc(keys.id))
    .for('update')
  const currentById = new Map(current.map((key) => [key.id, key]))

  const decisions = new Map<string, Decision<Refusal>>()
  for (const uuid of wanted) {
    const key = currentById.get(uuid)
    if (key === undefined) continue
    const decision = decide(toApiKey(bare(key), owner), room)
    if (decision.ok && decision.changes !== null) room -= 1
    decisions.set(uuid, decision)
  }
  const isLoss = await store(transaction, decisions, by)

  const passed = [...decisions].filter(([, decision]) => decision.ok).map(([uuid]) => uuid)
  const rows = passed.length === 0 ? [] : await selectKeys(transaction).where(inArray(keys.id, passed))
  const rowById = new Map(rows.map((row) => [row.key.id, row]))
  return {
    results: uuids.map((uuid) => {
      const decision = uuid === null ? undefined : decisions.get(uuid)
      if (decision === undefined) return { outcome: 'not_found' }
      if (!decision.ok) return { outcome: 'refused', refusal: decision.refusal }
      const row = rowById.get(uuid!)!
      const hashes = hashesOf({ key: currentById.get(uuid!)!, retired: row.retired })
      return { outcome: 'changed', apiKey: toApiKey(row, owner), hashes }
    }),
    unconfirmed: isLoss ? await findUnconfirmed(transaction, owner.namespace) : null,
  }
}

/** Stores what was decided, in one statement for all keys that change alike. @returns whether a key may have stopped being good. */
async function store(
  transaction: DrizzleDatabase,
  decisions: ReadonlyMap<string, Decision<unknown>>,
  by: By,
): Promise<boolean> {
  const alike = new Map<string, { changes: KeyChanges; uuids: string[] }>()
  for (const [uuid, decision] of decisions) {
    if (!decision.ok || decision.changes === null) continue
    const { changes } = decision
    const name = JSON.stringify(changes)
    const group = alike.get(name) ?? { changes, uuids: [] }
    group.uuids.push(uuid)
    alike.set(name, group)
  }
  if (alike.size > 0) await recordAs(transaction, by.actor)
  for (const { changes, uuids } of alike.values()) {
    const { quota, ...columns } = changes
    await transaction
      .update(keys)
      .set({ ...columnsOf(columns), ...changedBy(by), ...revokedBy(changes, by) })
      .where(inArray(keys.id, uuids))
    if (quota === undefined) continue
    for (const uuid of uuids) await changeQuota(transaction, uuid, quota)
  }
  return [...alike.values()].some(({ changes }) => Boolean(changes.revokedAt ?? changes.disabledAt))
}

/** The columns that tell who changed a key last. */
export function changedBy({ actor, now }: By) {
  return { updatedAt: now, updatedById: actor.id, updatedByName: actor.name }
}

/** Who revoked a key is known for as long as it is revoked. */
function revokedBy({ revokedAt }: KeyChanges, { actor }: By) {
  if (revokedAt === undefined) return {}
  if (revokedAt === null) return { revokedById: null, revokedByName: null }
  return { revokedById: actor.id, revokedByName: actor.name }
}

function columnsOf({
  metadata,
  rateLimits,
  allowedIps,
  allowedOrigins,
  blockBrowsers,
  ...changes
}: Omit<KeyChanges, 'quota'>) {
  return {
    ...changes,
    ...(allowedIps && { allowedIps: orNull(allowedIps) }),
    ...(allowedOrigins && { allowedOrigins: orNull(allowedOrigins) }),
    ...(blockBrowsers !== undefined && { blockBrowsers: blockBrowsers || null }),
    ...(metadata && { metadata: orNull(metadata) }),
    ...(rateLimits && { rateLimits: orNull(rateLimits) }),
  }
}

/** A column that is null takes no room. */
export function orNull<T extends object>(value: T): T | null {
  return Object.keys(value).length === 0 ? null : value
}

/** How many keys of an owner are not revoked, up to `maxKeys`, while nobody else can add one until the transaction ends. */
async function countAlone(transaction: DrizzleDatabase, owner: Owner, maxKeys: number): Promise<number> {
  const lock = advisoryLockKey('owner', owner.namespace, owner.owner)
  await transaction.execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`)
  const unrevoked = transaction
    .select({ id: keys.id })
    .from(keys)
    .where(and(isOf(owner), isNull(keys.revokedAt)))
    .limit(maxKeys)
  return transaction.$count(unrevoked.as('unrevoked'))
}
