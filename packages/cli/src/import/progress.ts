import type { ImportCounts } from '@latchkey/engine'
import type { Output } from '../output.ts'

/** How far an import is, for whoever waits. */
export interface Progress {
  show: (counts: Readonly<ImportCounts>) => void
  /** Says something in a line of its own. */
  around: (say: () => void) => void
  end: () => void
}

const BAR_WIDTH = 24
const BAR_EVERY_MS = 100
const LINE_EVERY_MS = 5_000
const CLEAR_LINE = '\r\u001b[2K'

/**
 * Shows progress on standard error: as a bar on a terminal, otherwise in a line every few seconds.
 *
 * @param share how much has been read, 0 to 1; null when nobody knows of how much.
 */
export function createProgress(output: Output, share: () => number | null): Progress {
  const { stderr } = process
  const isBar = stderr.isTTY && !output.isJson
  const startedAt = performance.now()
  let last: Readonly<ImportCounts> = { done: 0, added: 0, known: 0, failed: 0 }
  let isDrawn = false

  function draw(): void {
    const text = barText(last, { share: share(), seconds: (performance.now() - startedAt) / 1_000 })
    stderr.write(`${CLEAR_LINE}${text.slice(0, stderr.columns - 1)}`)
    isDrawn = true
  }

  function clear(): void {
    if (isDrawn) stderr.write(CLEAR_LINE)
    isDrawn = false
  }

  if (isBar) draw()
  const timer = setInterval(
    () => {
      if (isBar) draw()
      else output.event('progress', last, () => `${tally(last)} so far`)
    },
    isBar ? BAR_EVERY_MS : LINE_EVERY_MS,
  )

  return {
    show: (counts) => void (last = counts),
    around(say) {
      clear()
      say()
    },
    end() {
      clearInterval(timer)
      clear()
    },
  }
}

/** `100,000 rows: 99,998 added, 0 known, 2 failed` */
export function tally({ done, added, known, failed }: Readonly<ImportCounts>): string {
  return `${many(done)} ${done === 1 ? 'row' : 'rows'}: ${many(added)} added, ${many(known)} known, ${many(failed)} failed`
}

/** One line: a bar where it is known how much there is, and how many rows were dealt with. */
export function barText(
  counts: Readonly<ImportCounts>,
  { share, seconds }: { share: number | null; seconds: number },
): string {
  const speed = seconds < 1 ? '' : `, ${many(Math.round(counts.done / seconds))}/s`
  if (share === null) return `${tally(counts)}${speed}`
  const filled = Math.round(share * BAR_WIDTH)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${tally(counts)}${speed}`
}

function many(count: number): string {
  return count.toLocaleString('en-US')
}
