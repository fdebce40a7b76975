import { checkChain, type AuditFault, type AuditHead } from './audit-chain.ts'
import {
  readEvent,
  type AuditedFields,
  type AuditEvent,
  type OperatorAction,
  type StoredEvent,
} from './audit-event.ts'
import {
  parseAuditList,
  parseFilters,
  writeAuditCursor,
  type AuditFilters,
  type AuditListOptions,
  type AuditQuery,
} from './audit-query.ts'
import type { AuditStore, StoredChain } from './audit-store.ts'
import type { Author } from './author.ts'
import type { InvalidInput } from './checked.ts'
import { assertActor, assertIdentity } from './identity.ts'

/** The outcome of {@link Audit.list}. */
export type AuditListResult = { ok: true; data: AuditEvent[]; nextCursor: string | null } | InvalidInput

/** The outcome of {@link Audit.export}. */
export type AuditExportResult = { ok: true; events: AsyncIterable<AuditEvent> } | InvalidInput

/** Something that an operator did, as it is told in the trail of one owner. */
export interface OperatorAct {
  owner: string
  action: OperatorAction
  /** Of the key that it was about, if it was about one. */
  keyId?: string | undefined
  /** What was asked for, and what came of it. Never a secret, nor a hash of one. */
  details: AuditedFields
}

/** What was found about one owner. */
export interface CheckedOwner {
  owner: string
  /** How many events were checked. */
  events: number
  /** Where the chain has come to. Whoever keeps it elsewhere can tell later whether it was written anew. */
  head: AuditHead
  fault: AuditFault | null
}

/** What was found about all of them. */
export interface AuditReport {
  ok: boolean
  owners: number
  events: number
  /** At most one of each owner: its first. */
  faults: AuditFault[]
}

/**
 * Who changed what. It is written by the database in the transaction of each change, so what is written here is only what
 * changes nothing. Each call rejects with StoreUnavailable when the database does not do its part.
 */
export interface Audit {
  /** Events of one owner, newest first. */
  list(owner: string, options?: AuditListOptions): Promise<AuditListResult>
  /**
   * Records what an operator did, in the trail of each owner that is named: all of it, or it rejects. Whoever shows an
   * operator something records it first, and shows nothing when that fails.
   */
  record(acts: readonly OperatorAct[], actor: Author): Promise<void>
  /** All events of one owner so far, oldest first; read as they are asked for. */
  export(owner: string, filters?: AuditFilters): AuditExportResult
  /**
   * Computes every hash again, of one owner or of all, and tells the first event that does not fit. What is recorded
   * meanwhile is left to the next time.
   *
   * @example
   * const report = await latchkey.audit.verify()
   * if (!report.ok) console.error(report.faults)
   */
  verify(owner?: string, options?: { onOwner?: (checked: CheckedOwner) => void }): Promise<AuditReport>
}

/** Makes the audit trail of one namespace. */
export function createAudit({ store, namespace }: { store: AuditStore; namespace: string }): Audit {
  async function* chains(owner: string | undefined): AsyncGenerator<StoredChain> {
    if (owner !== undefined) {
      const chain = await store.findChain(owner)
      if (chain !== null) yield chain
      return
    }
    let lastId = 0
    for (;;) {
      const page = await store.listChains(lastId)
      if (page.length === 0) return
      yield* page
      lastId = page.at(-1)!.id
    }
  }

  async function* events(chain: StoredChain, query: AuditQuery | null): AsyncGenerator<StoredEvent> {
    let after = 0
    for (;;) {
      const page = await store.read(chain, query, { after, through: chain.head.sequence })
      if (page.length === 0) return
      yield* page
      after = page.at(-1)!.sequence
    }
  }

  async function* read(owner: string, query: AuditQuery): AsyncGenerator<AuditEvent> {
    for await (const chain of chains(owner)) {
      for await (const event of events(chain, query)) yield readEvent(event)
    }
  }

  async function check(chain: StoredChain): Promise<CheckedOwner> {
    const { owner, head, lastStored } = chain
    const check = checkChain({ namespace, owner })
    let count = 0
    for await (const event of events(chain, null)) {
      const fault = check.next(event)
      if (fault !== null) return { owner, events: count, head, fault }
      count++
    }
    return { owner, events: count, head, fault: check.end(head, lastStored) }
  }

  return {
    async list(owner, options = {}) {
      assertIdentity(owner)
      const parsed = parseAuditList(options)
      if (!parsed.ok) return parsed
      const { query, ...page } = parsed.value
      const found = await store.list(owner, query, page)
      const shown = found.slice(0, page.limit - 1)
      const last = shown.at(-1)
      const nextCursor = found.length > shown.length && last ? writeAuditCursor(last) : null
      return { ok: true, data: shown.map(readEvent), nextCursor }
    },

    async record(acts, actor) {
      assertActor(actor)
      for (const { owner } of acts) assertIdentity(owner)
      await store.record(acts, actor)
    },

    export(owner, filters = {}) {
      assertIdentity(owner)
      const parsed = parseFilters(filters)
      return parsed.ok ? { ok: true, events: read(owner, parsed.value) } : parsed
    },

    async verify(owner, { onOwner } = {}) {
      if (owner !== undefined) assertIdentity(owner)
      const report: AuditReport = { ok: true, owners: 0, events: 0, faults: [] }
      for await (const chain of chains(owner)) {
        const checked = await check(chain)
        report.owners++
        report.events += checked.events
        if (checked.fault !== null) {
          report.ok = false
          report.faults.push(checked.fault)
        }
        onOwner?.(checked)
      }
      return report
    },
  }
}
