import type { CreateHeaders } from './schemas.ts'

/** The header is a structured field, whose strings are quoted; most clients leave the quotes out. Both name the same request. */
export function readIdempotencyKey({ 'idempotency-key': idempotencyKey }: CreateHeaders): string | undefined {
  return idempotencyKey?.startsWith('"') ? idempotencyKey.slice(1, -1) : idempotencyKey
}

/** For the document: the header that tells a repeated reply. */
export const replayedHeader = {
  'Idempotency-Replayed': { type: 'string', description: '`true` when this repeats an earlier reply.' },
}
