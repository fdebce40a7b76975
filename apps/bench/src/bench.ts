/**
 * `npm run bench`: everything side by side. See docs/benchmarks.md, which this program writes.
 *
 *     npm run bench                            everything; takes about 40 minutes
 *     npm run bench -- --only http,growth      some parts; the others stay in the report as they were
 *     npm run bench -- --short                 what CI runs: no report, and an error when a ratio got worse
 *     npm run bench -- --report                writes the report again from the figures that are there
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '@latchkey/testing'
import { bounds } from './goals.ts'
import { assertPrograms, describeMachine, loadNow, shareCores } from './machine.ts'
import { PART_NAMES, PARTS, SHORT_PARTS, type Figures, type PartName } from './parts.ts'
import { commitNow, readRecords, writeRecord } from './record.ts'
import { writeReport } from './report.ts'
import type { Setting } from './setting.ts'
import { POSTGRES_SETTINGS, versions } from './versions.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})
const names = chosenParts()
const figures: Partial<Figures> = {}

if (!options.report) {
  assertPrograms()
  const cores = shareCores()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const postgres = await startPostgres(POSTGRES_SETTINGS)
  try {
    const setting: Setting = { isShort: options.short, cores, folder, postgres, tell: say }
    for (const name of names) await measurePart(name, setting)
  } finally {
    await postgres.stop()
    rmSync(folder, { recursive: true })
  }
}
if (options.short) holdOn()
else await writeReport(readRecords())

function chosenParts(): PartName[] {
  const asked = options.only?.split(',')
  const unknown = asked?.filter((name) => !PART_NAMES.includes(name as PartName)) ?? []
  if (unknown.length > 0)
    throw new Error(`There is no part ${unknown.join(', ')}; there are ${PART_NAMES.join(', ')}.`)
  const names = options.short ? SHORT_PARTS : PART_NAMES
  return names.filter((name) => asked === undefined || asked.includes(name))
}

async function measurePart<Name extends PartName>(name: Name, setting: Setting): Promise<void> {
  const machine = describeMachine()
  const takenAt = new Date().toISOString()
  const start = performance.now()
  const found = await PARTS[name](setting)
  figures[name] = found
  machine.load[1] = loadNow()
  say(`${name}: ${((performance.now() - start) / 1_000).toFixed(0)} s`)
  if (options.short) return
  const commit = commitNow()
  writeRecord(name, {
    takenAt,
    commit,
    versions: await versions(setting.postgres.url),
    machine,
    figures: found,
  })
}

/** Prints the figures of the short form; ends in an error when one crossed its bound. */
function holdOn(): void {
  const held = bounds(figures)
  for (const { figure, value, bound, isKept } of held) {
    process.stdout.write(
      `${isKept ? 'kept ' : 'WORSE'}  ${figure}: ${Number(value.toPrecision(3))} (${bound})\n`,
    )
  }
  if (held.some(({ isKept }) => !isKept)) process.exitCode = 1
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
