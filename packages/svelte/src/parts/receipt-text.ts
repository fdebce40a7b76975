import type { RevocationReceipt } from '@latchkey/client'
import { m } from '#paraglide/messages.js'

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
