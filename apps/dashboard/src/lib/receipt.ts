import type { RevocationReceipt } from '@latchkey/client'

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
