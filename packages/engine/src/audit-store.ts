import type { AuditHead } from './audit-chain.ts'
import type { OperatorAct } from './audit.ts'
import type { Author } from './author.ts'
import type { StoredEvent } from './audit-event.ts'
import type { AuditPosition, AuditQuery } from './audit-query.ts'

/** The chain of one owner. */
export interface StoredChain {
  id: number
  owner: string
  head: AuditHead
  /** The last event there is, at the same moment. */
  lastStored: number
}

/**
 * Where the audit trail is read. What changed is written to it by the database itself, together with the change. One
 * store serves one namespace; every method rejects with StoreUnavailable, and nothing else, when the database does not
 * do its part in time.
 */
export interface AuditStore {
  /** One page of an owner's events, newest first. */
  list(
    owner: string,
    query: AuditQuery,
    page: { limit: number; before: AuditPosition | null },
  ): Promise<StoredEvent[]>

  /** Records what an operator did, all of it or nothing. */
  record(acts: readonly OperatorAct[], actor: Author): Promise<void>

  /** The chain of an owner, or null when nothing was ever recorded. */
  findChain(owner: string): Promise<StoredChain | null>

  /** Some chains of the namespace, in the order of their ids. */
  listChains(afterId: number): Promise<StoredChain[]>

  /** Some events of a chain, in order, up to one. */
  read(
    chain: Pick<StoredChain, 'id'>,
    query: AuditQuery | null,
    range: { after: number; through: number },
  ): Promise<StoredEvent[]>
}
