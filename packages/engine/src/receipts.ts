import { setTimeout } from 'node:timers/promises'
import { within } from './deadline.ts'

/** How far a revocation had come when its caller was answered. */
export interface RevocationReceipt {
  /** Processes that could have the key in memory. */
  nodes: number
  /** Those of them that had dropped it. */
  confirmed: number
  /**
   * Milliseconds from the revocation to the last confirmation, by the database's clock. Null when there was none.
   */
  afterMs: number | null
}

/** A key stopped being good, and these nodes have to hear of it. */
export interface UnconfirmedChange {
  sequence: number
  nodes: number
}

/** What {@link createReceipts} needs from outside. */
export interface ReceiptsOptions {
  /** Says that this node has dropped a change. */
  confirm: (sequence: number) => Promise<void>
  /** Asks which nodes have. */
  readReceipt: (sequence: number) => Promise<RevocationReceipt>
}

/**
 * Waits until every node has dropped a change. Never rejects: what it waits for has already happened. Of a change
 * that was not recorded, because somebody switched the database's triggers off, nobody can tell anything.
 */
export type AwaitReceipt = (change: UnconfirmedChange | null) => Promise<RevocationReceipt>

/** A node that has not confirmed by then has crashed, or the change will reach it as its cache forgets. */
const DEADLINE_MS = 1_000
/** Confirmations usually come within milliseconds; for one that does not, a glance now and then will do. */
const FIRST_PAUSE_MS = 4
const MAX_PAUSE_MS = 100

/** Makes the waiting for receipts of one node. */
export function createReceipts({ confirm, readReceipt }: ReceiptsOptions): AwaitReceipt {
  return async (change) => {
    if (change === null) return { nodes: 0, confirmed: 0, afterMs: null }
    const { sequence, nodes } = change
    const giveUpAt = performance.now() + DEADLINE_MS
    const remainingMs = () => giveUpAt - performance.now()
    let receipt: RevocationReceipt = { nodes, confirmed: 0, afterMs: null }
    try {
      await within(remainingMs(), confirm(sequence))
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
        receipt = await within(remainingMs(), readReceipt(sequence))
        if (receipt.confirmed >= receipt.nodes || remainingMs() <= pause) return receipt
        await setTimeout(pause)
      }
    } catch {
      return receipt
    }
  }
}
