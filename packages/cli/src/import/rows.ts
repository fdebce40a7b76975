import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { IMPORT_FIELDS } from '@latchkey/engine'
import { type CsvError, parse } from 'csv-parse'
import { usage } from '../failure.ts'
import { parseMoment } from '../moments.ts'
import type { Source } from './source.ts'

/** A row of which nothing is known to be right, or why it is none. */
export type RawRow = { row: Record<string, unknown> } | { problem: string }

/** Far more than any key has. */
const MAX_ROW_CHARACTERS = 1_000_000

/**
 * Reads rows one by one. What is wrong with one is told in its place, and the rest goes on.
 *
 * @throws Failure when the first line of CSV does not name the columns.
 */
export function readRows({ stream, form }: Pick<Source, 'stream' | 'form'>): AsyncGenerator<RawRow> {
  return form === 'csv' ? readCsv(stream) : readJsonLines(stream)
}

async function* readJsonLines(stream: Readable): AsyncGenerator<RawRow> {
  for await (const line of linesOf(stream)) {
    if (line.trim() !== '') yield readJson(line)
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = '\uFEFF'
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield line.replace(/^\uFEFF+/, '')
  }
  yield rest.replace(/^\uFEFF+/, '') + decoder.end()
}

function readJson(line: string): RawRow {
  try {
    const row = JSON.parse(line) as unknown
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return { problem: 'is no JSON object' }
    }
    return { row: withDates(row as Record<string, unknown>) }
  } catch {
    return { problem: 'is no JSON' }
  }
}

async function* readCsv(stream: Readable): AsyncGenerator<RawRow> {
  const broken: CsvError[] = []
  const parser = stream.pipe(
    parse({
      ...{ bom: true, skip_empty_lines: true, relax_column_count: true, max_record_size: MAX_ROW_CHARACTERS },
      ...{ info: true, skip_records_with_error: true },
      on_skip: (error) => void (error && broken.push(error)),
    }),
  )
  stream.once('error', (error) => parser.destroy(error))
  let header: string[] | undefined
  for await (const { info, record } of parser as AsyncIterable<ParsedRecord>) {
    // The parser is ahead: what it could not read is told in its place.
    while (broken[0] !== undefined && lineOf(broken[0]) < info.lines) yield noCsv(broken.shift()!)
    if (header === undefined) header = readHeader(record)
    else yield readCells(header, record)
  }
  yield* broken.map(noCsv)
}

interface ParsedRecord {
  info: { lines: number }
  record: string[]
}

function lineOf(error: CsvError): number {
  return (error as { lines?: number }).lines ?? 0
}

function noCsv(error: CsvError): RawRow {
  return { problem: `is no CSV, at line ${lineOf(error)}: a quote is missing, or stands where none can` }
}

function readHeader(cells: readonly string[]): string[] {
  const header = cells.map((cell) => cell.trim())
  const stranger = header.find((column, at) => !IMPORT_FIELDS.has(column) || header.indexOf(column) !== at)
  if (stranger === undefined) return header
  throw usage(
    `The first line of CSV names the columns, each once; "${stranger}" cannot be one. They are: ${[...IMPORT_FIELDS].join(', ')}.`,
  )
}

function readCells(header: readonly string[], cells: readonly string[]): RawRow {
  if (cells.length !== header.length) {
    return { problem: `has ${cells.length} cells, and the first line has ${header.length}` }
  }
  const row: Record<string, unknown> = {}
  for (const [at, column] of header.entries()) {
    const cell = cells[at]!
    // An empty cell is one that was left out.
    if (cell !== '') row[column] = cellValue(column, cell)
  }
  return { row: withDates(row) }
}

/** What cannot be read stays text, which the engine refuses in words of its own. */
function cellValue(column: string, cell: string): unknown {
  switch (column) {
    case 'scopes':
      return cell.split(/\s+/).filter((scope) => scope !== '')
    case 'metadata':
    case 'rateLimits':
      return parsedOr(cell)
    case 'disabled':
      return { true: true, t: true, false: false, f: false }[cell.toLowerCase()] ?? cell
    default:
      return cell
  }
}

function parsedOr(cell: string): unknown {
  try {
    return JSON.parse(cell)
  } catch {
    return cell
  }
}

function withDates({ createdAt, expiresAt, ...row }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...row,
    // Databases write null for what is not known.
    ...(createdAt != null && { createdAt: dateOr(createdAt) }),
    ...(expiresAt != null && { expiresAt: dateOr(expiresAt) }),
  }
}

function dateOr(value: unknown): unknown {
  return typeof value === 'string' ? (parseMoment(value) ?? value) : value
}
