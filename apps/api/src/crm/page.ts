/** One page of a list, newest first, and where the next one begins. */
export interface Page<Row> {
  rows: Row[]
  /** The id of the last row, where more follow. */
  next: string | null
}

export interface PageRequest {
  limit: number
  /** The UUID of the last row already seen. */
  after: string | null
  q: string | null
}

/** Cuts what was asked for out of one row more, which tells whether there is another page. */
export function toPage<Row extends { id: string }>(rows: Row[], limit: number): Page<Row> {
  const page = rows.slice(0, limit)
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** A UUID as 22 characters. Only the list that handed a cursor out can say what it means. */
export function encodeCursor(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}

/** The UUID in a cursor, or null for a text that {@link encodeCursor} never made. */
export function decodeCursor(cursor: string): string | null {
  const bytes = Buffer.from(cursor, 'base64url')
  if (bytes.length !== 16 || bytes.toString('base64url') !== cursor) return null
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** A pattern for `ilike` that finds the text itself anywhere, whatever signs it holds. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
