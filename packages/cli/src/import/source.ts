import { createReadStream, existsSync, fstatSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { usage } from '../failure.ts'

/** How rows are written down. */
export type RowForm = 'jsonl' | 'csv'

/** Where rows come from. */
export interface Source {
  stream: Readable
  form: RowForm
  /** null: nobody knows before its end. */
  totalBytes: number | null
  /** How many have been read. */
  bytesRead: () => number
}

const FORM_BY_EXTENSION: Readonly<Record<string, RowForm>> = {
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
}

/** Opens a file, or standard input for `-` and for nothing at all. @throws Failure when there is nothing to read. */
export function openSource(file: string | undefined, form: RowForm | undefined): Source {
  if (file === undefined || file === '-') return openStandardInput(form)
  if (!existsSync(file)) throw usage(`There is no file ${file}.`)
  if (!statSync(file).isFile()) throw usage(`${file} is no file.`)
  const known = form ?? FORM_BY_EXTENSION[extname(file).toLowerCase()]
  if (known === undefined) throw usage(`How are the rows in ${file} written? Say --form jsonl or --form csv.`)
  return counted(createReadStream(file), known, statSync(file).size)
}

function openStandardInput(form: RowForm = 'jsonl'): Source {
  if (process.stdin.isTTY) throw usage('Name a file of rows, or pipe them in: latchkey import < rows.jsonl')
  const stat = fstatSync(process.stdin.fd)
  return counted(process.stdin, form, stat.isFile() ? stat.size : null)
}

function counted(stream: Readable, form: RowForm, totalBytes: number | null): Source {
  return { stream, form, totalBytes, bytesRead: () => (stream as { bytesRead?: number }).bytesRead ?? 0 }
}
