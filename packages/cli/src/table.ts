import truncatedWidth from 'fast-string-truncated-width'
import { onOneLine } from './plain-text.ts'

/** A column of a table. */
export interface Column<Row> {
  title: string
  cell: (row: Row) => string
  /** Applied to what is shown of a cell, when it has its width. */
  style?: (text: string, row: Row) => string
  /** How narrow it may get; a column without it is never cut. */
  minWidth?: number
  /** Where there is no room, it is left out; the first of them first. */
  isOptional?: boolean
}

const GAP = '  '

/**
 * Lays rows out in columns. Where there are more characters than in a line, columns that may be left out are, then the
 * others that may be cut are cut, the widest most.
 *
 * @param columns characters in a line; null: as many as there are.
 */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  columns: number | null,
): string {
  let shown = all.map((column) => {
    const cells = rows.map((row) => onOneLine(column.cell(row)))
    return { column, cells, width: Math.max(...[column.title, ...cells].map(widthOf)) }
  })
  const excess = () => {
    const needed = shown.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length)
    return columns === null ? 0 : needed - columns
  }
  const narrowest = () => shown.reduce((sum, { column, width }) => sum + spare(column, width), 0)
  for (const entry of shown.filter(({ column }) => column.isOptional)) {
    if (excess() <= narrowest()) break
    shown = shown.filter((other) => other !== entry)
  }
  while (excess() > 0 && narrowest() > 0) {
    const widest = shown
      .filter(({ column, width }) => spare(column, width) > 0)
      .reduce((a, b) => (b.width > a.width ? b : a))
    widest.width -= 1
  }

  const line = (cellAt: (entry: (typeof shown)[0]) => string) => shown.map(cellAt).join(GAP).trimEnd()
  const header = line(({ column, width }) => fit(column.title, width))
  const body = rows.map((row, at) =>
    line(({ column, cells, width }) => {
      const text = fit(cells[at]!, width)
      return column.style?.(text, row) ?? text
    }),
  )
  return [header, ...body].join('\n')
}

function spare<Row>({ minWidth, title }: Column<Row>, width: number): number {
  return minWidth === undefined ? 0 : Math.max(0, width - Math.max(minWidth, widthOf(title)))
}

/** Cuts a text to a width, or fills it up. East Asian characters and emoji are two wide. */
function fit(text: string, limit: number): string {
  const { index, ellipsed } = truncatedWidth(text, { limit, ellipsis: '…' })
  const cut = ellipsed ? `${text.slice(0, index)}…` : text
  return cut + ' '.repeat(Math.max(0, limit - widthOf(cut)))
}

function widthOf(text: string): number {
  return truncatedWidth(text).width
}
