import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Machine } from './machine.ts'
import { PART_NAMES, type Figures, type PartName } from './parts.ts'

/** One part's figures with what must be known to compare them with others. */
export interface PartRecord<Name extends PartName = PartName> {
  takenAt: string
  /** The commit that was measured. */
  commit: string
  /** Versions of what took part, by name. */
  versions: Record<string, string>
  machine: Machine
  figures: Figures[Name]
}

/** The records of all parts that were ever measured. */
export type PartRecords = { [Name in PartName]?: PartRecord<Name> }

const folder = fileURLToPath(new URL('../../../docs/benchmarks/', import.meta.url))

/** Keeps a part's figures beside the report. */
export function writeRecord<Name extends PartName>(name: Name, record: PartRecord<Name>): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(record, rounded, 2)}\n`)
}

/** What was measured last, part by part. */
export function readRecords(): PartRecords {
  const found = PART_NAMES.filter((name) => existsSync(join(folder, `${name}.json`)))
  return Object.fromEntries(
    found.map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as PartRecord]),
  )
}

/** The commit of this working tree, with a mark when it has changes of its own. */
export function commitNow(): string {
  return execFileSync('git', ['describe', '--always', '--dirty'], {
    encoding: 'utf8',
    cwd: folder.replace(/docs.*/, ''),
  }).trim()
}

/** Five significant digits are more than any of this is good for. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}
