import type { RevocationReceipt } from '@latchkey/client'
import { m } from '#lib/paraglide/messages.js'

/** The worst case: the change feed is dead, and memory forgets by itself. */
const lateSeconds = 5

/** How far a revocation had come, for people: “Rejected on 3 of 3 nodes after 84 ms. Calls with it now get 401.” */
export function receiptText(receipt: RevocationReceipt | null): string {
  if (!receipt) return m.keys_receipt_refused()
  const { nodes, confirmed, afterMs } = receipt
  const late = nodes - confirmed
  if (confirmed === 0 || afterMs === null) return m.keys_receipt_unconfirmed({ seconds: lateSeconds })
  if (late <= 0) return m.keys_receipt_done({ nodes, confirmed, afterMs })
  return m.keys_receipt_late({ nodes, confirmed, afterMs, late, seconds: lateSeconds })
}

/** Puts a receipt into an address, for the page that tells of it: `3-3-84`. */
export const writeReceipt = ({ nodes, confirmed, afterMs }: RevocationReceipt): string =>
  [nodes, confirmed, ...(afterMs === null ? [] : [afterMs])].join('-')

/** Reads {@link writeReceipt}; null for anything else. An address may come from anybody, so only numbers pass. */
export function readReceipt(text: string | null): RevocationReceipt | null {
  const found = /^(\d{1,5})-(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '')
  if (!found) return null
  const [, nodes, confirmed, afterMs] = found
  return {
    nodes: Number(nodes),
    confirmed: Number(confirmed),
    afterMs: afterMs === undefined ? null : Number(afterMs),
  }
}
