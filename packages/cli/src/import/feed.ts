import type { ImportRow } from '@latchkey/engine'
import { readRows } from './rows.ts'
import type { Source } from './source.ts'

/** Gives the rows of a source to an import, until it is stopped. */
export interface Feed {
  rows: AsyncIterable<ImportRow>
  /** How much has been read, 0 to 1; null when nobody knows of how much. */
  share: () => number | null
  /** What was wrong with a row before anybody looked at its fields. Told once. */
  problemOf: (row: number) => { field: string; message: string } | undefined
  /** No row follows, even if one is being waited for. */
  stop: () => void
  isStopped: () => boolean
  /** @throws whatever ended the source before its end. What came before it was given. */
  assertRead: () => void
}

/** Makes the feed of one import. */
export function createFeed(source: Source): Feed {
  const problems = new Map<number, string>()
  let trouble: Error | null = null
  let isStopped = false

  async function* give(): AsyncGenerator<ImportRow> {
    let place = 0
    try {
      for await (const raw of readRows(source)) {
        if (isStopped) return
        place++
        if ('problem' in raw) problems.set(place, raw.problem)
        // The import checks every field itself, and refuses what is no row.
        yield ('row' in raw ? raw.row : null) as unknown as ImportRow
      }
    } catch (error) {
      // An error here would make the import forget the rows that it has not stored yet.
      trouble = error as Error
    }
  }

  return {
    rows: give(),
    share() {
      const { totalBytes, bytesRead } = source
      if (totalBytes === null) return null
      return totalBytes === 0 ? 1 : Math.min(1, bytesRead() / totalBytes)
    },
    problemOf(row) {
      const message = problems.get(row)
      problems.delete(row)
      return message === undefined ? undefined : { field: 'row', message }
    },
    stop() {
      isStopped = true
      source.stream.destroy()
    },
    isStopped: () => isStopped,
    assertRead() {
      if (trouble !== null) throw trouble
    },
  }
}
