import { createHash } from 'node:crypto'
import type { AuditText, StoredEvent } from './audit-event.ts'

/** Where a chain has come to. */
export interface AuditHead {
  sequence: number
  /** Of its last event, in hexadecimal. */
  hash: string
}

/** The first event of an owner that does not fit. */
export interface AuditFault {
  owner: string
  /** Which one. */
  sequence: number
  /**
   * `changed`: it is not what was written. `missing`: it is gone. `unlinked`: it does not belong behind the one before
   * it. `inserted`: it was not written by Latchkey.
   */
  problem: 'changed' | 'missing' | 'unlinked' | 'inserted'
  message: string
}

/** Before the first event. */
export const CHAIN_START: AuditHead = Object.freeze({ sequence: 0, hash: '0'.repeat(64) })

/** A chain that is being checked. */
export interface ChainCheck {
  /** The next event, in order. Returns what is wrong with it, or null. */
  next(event: StoredEvent): AuditFault | null
  /** After the last one up to where the chain has come: what is wrong with its end, or null. */
  end(head: AuditHead, lastStored: number): AuditFault | null
}

/**
 * Checks the events of one owner from the first to the last. It computes each hash itself, from the text alone, and
 * believes nothing that is stored beside it.
 */
export function checkChain({ namespace, owner }: { namespace: string; owner: string }): ChainCheck {
  let last = CHAIN_START
  const fault = (sequence: number, problem: AuditFault['problem'], message: string): AuditFault => ({
    owner,
    sequence,
    problem,
    message,
  })

  return {
    next(event) {
      const sequence = last.sequence + 1
      if (event.sequence !== sequence) return fault(sequence, 'missing', 'The event is gone.')
      const hash = createHash('sha256').update(event.text).digest('hex')
      if (hash !== event.hash) return fault(sequence, 'changed', 'The event has another hash than its text.')
      const told = parse(event.text)
      if (told === null || !isSame(told, event) || told.namespace !== namespace || told.owner !== owner) {
        return fault(sequence, 'changed', 'The event is stored under what it does not say.')
      }
      if (told.previousHash !== last.hash) {
        return fault(sequence, 'unlinked', 'The event does not follow the one before it.')
      }
      last = { sequence, hash }
      return null
    },

    end(head, lastStored) {
      if (last.sequence < head.sequence) {
        return fault(last.sequence + 1, 'missing', 'The event is gone.')
      }
      if (last.hash !== head.hash) {
        return fault(head.sequence, 'changed', 'The event is not the one at which the chain ends.')
      }
      if (lastStored > head.sequence) {
        return fault(head.sequence + 1, 'inserted', 'The event is behind the end of the chain.')
      }
      return null
    },
  }
}

function parse(text: string): AuditText | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as AuditText) : null
  } catch {
    return null
  }
}

/** Whether what events are found by is what the event says. */
function isSame(told: AuditText, event: StoredEvent): boolean {
  return (
    told.sequence === event.sequence &&
    told.at === event.at.toISOString() &&
    told.action === event.action &&
    told.keyId === event.keyId &&
    (told.actor?.id ?? null) === event.actorId
  )
}
