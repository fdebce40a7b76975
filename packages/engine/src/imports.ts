import { setTimeout } from 'node:timers/promises'
import { actorOf, type Author } from './author.ts'
import { assertActor } from './identity.ts'
import type { Formats } from './import-options.ts'
import { readRow, type ImportRow, type RowContext } from './import-row.ts'
import type { ImportOutcome, ImportStore, NewImport } from './import-store.ts'
import { invalid, type Checked } from './checked.ts'
import type { ScopeCatalog } from './scopes.ts'
import { parseSlowHash, whatSlowHashLacks } from './slow-hash.ts'

/** How far an import is. */
export interface ImportCounts {
  /** Rows that were read and dealt with: the sum of the others. */
  done: number
  added: number
  /** Keys that were there already, as from an import before. */
  known: number
  failed: number
}

/** A row that was not imported, in words for whoever made the rows. */
export interface ImportFailure {
  /** Its place: 1 for the first. */
  row: number
  field: string
  message: string
}

/** Who wants to be told what, while an import goes on. */
export interface ImportRunOptions {
  /** Told after each batch. */
  onProgress?: ((counts: Readonly<ImportCounts>) => void) | undefined
  /** Told of each row that was not imported. */
  onFailure?: ((failure: ImportFailure) => void) | undefined
}

/** Takes over the keys that another system issued, so that nobody has to change theirs. */
export interface Imports {
  /**
   * Imports rows in batches, which are each stored whole or not at all. A row that cannot be imported is told and
   * left out. It may be run again, after whatever trouble, and by several at once: what was imported is known.
   *
   * @throws StoreUnavailable when the database does not do its part; what was stored stays, so run it again.
   *
   * @example
   * const counts = await latchkey.imports.run({ id: 'import', name: null }, rows, {
   *   onFailure: ({ row, field, message }) => console.error(`Row ${row}: ${field} ${message}.`),
   * })
   */
  run(
    actor: Author,
    rows: AsyncIterable<ImportRow> | Iterable<ImportRow>,
    options?: ImportRunOptions,
  ): Promise<ImportCounts>
}

/** What {@link createImports} needs from outside. */
export interface ImportsOptions {
  formats: Formats
  store: ImportStore
  catalog: ScopeCatalog
  maxKeysPerOwner: number
  now: () => number
  /** Told of trouble that no row suffers from. */
  onError: (error: Error) => void
}

/** As many as are told to every node one by one. */
const ROWS_IN_BATCH = 500
/** Every node hears of as many as these; were there more, it would drop what it has in memory, to be safe. */
const MAX_ADDED_PER_SECOND = 8_000
/** The database looks at its tables whenever they may have grown so many times. */
const GROWTH = 4

/** One key of a batch, with the places of all rows that have it. */
interface Entry {
  key: NewImport
  places: [number, ...number[]]
}

/** Makes the import of one namespace. */
export function createImports(settings: ImportsOptions): Imports {
  const { formats, store, catalog, maxKeysPerOwner, now, onError } = settings

  return {
    async run(actor, rows, options = {}) {
      if (formats.size === 0) throw new Error('Nothing can be imported without the option imports.')
      assertActor(actor)
      const { counts, fail, count, tell } = createTally(options, maxKeysPerOwner)
      const batch = new Map<string, Entry>()
      const startedAt = performance.now()
      let analyzeAt = ROWS_IN_BATCH

      async function storeBatch(): Promise<void> {
        const entries = [...batch.values()]
        batch.clear()
        const keys = entries.map(({ key }) => key)
        const outcomes = keys.length === 0 ? [] : await store.add(keys, { actor, maxKeys: maxKeysPerOwner })
        for (const [at, { places }] of entries.entries()) count(outcomes[at]!, places)
        tell()
        const aheadMs = startedAt + (counts.added * 1_000) / MAX_ADDED_PER_SECOND - performance.now()
        if (aheadMs > 0) await setTimeout(aheadMs)
        if (counts.added >= analyzeAt) await analyze()
      }

      async function analyze(): Promise<void> {
        analyzeAt = GROWTH * counts.added
        // What is stored is stored, however long it takes to find.
        await store.refreshStatistics().catch(onError)
      }

      let place = 0
      for await (const row of rows) {
        place++
        const read = await readCheckable(row, { formats, catalog, actor: actorOf(actor), nowMs: now() })
        if (!read.ok) {
          fail(place, read)
          continue
        }
        const { value: key } = read
        const same = batch.get(key.hash)
        if (same?.key.source === key.source) {
          same.places.push(place)
          continue
        }
        if (same !== undefined || batch.size === ROWS_IN_BATCH) await storeBatch()
        batch.set(key.hash, { key, places: [place] })
      }
      await storeBatch()
      if (counts.added > 0) await analyze()
      return counts
    },
  }
}

/** Reads a row, and refuses one with a hash that this process could not check. */
async function readCheckable(row: unknown, context: RowContext): Promise<Checked<NewImport>> {
  const read = readRow(row, context)
  if (!read.ok || read.value.slowHash === null) return read
  const lack = await whatSlowHashLacks(parseSlowHash(read.value.slowHash)!.algorithm)
  return lack === null ? read : invalid('hash', lack)
}

/** Counts what became of rows, and tells whoever wants to know. */
function createTally({ onProgress, onFailure }: ImportRunOptions, maxKeys: number) {
  const counts: ImportCounts = { done: 0, added: 0, known: 0, failed: 0 }

  function tell(): void {
    onProgress?.({ ...counts })
  }

  function fail(row: number, { field, message }: Omit<ImportFailure, 'row'>): void {
    counts.done++
    counts.failed++
    onFailure?.({ row, field, message })
    // Where nothing is stored, nothing else tells.
    if (counts.failed % ROWS_IN_BATCH === 0) tell()
  }

  function count(outcome: ImportOutcome, [first, ...repeats]: Entry['places']): void {
    switch (outcome) {
      case 'added':
      case 'known':
        counts.done += 1 + repeats.length
        counts[outcome]++
        counts.known += repeats.length
        return
      case 'too_many_keys':
        return failAll({ field: 'owner', message: `has ${maxKeys} keys already, which are all it may have` })
      case 'start_taken':
        return failAll({ field: 'start', message: 'must not be that of another key' })
      case 'elsewhere':
        return failAll({ field: 'hash', message: 'must not be that of a key of another namespace' })
    }

    function failAll(failure: Omit<ImportFailure, 'row'>): void {
      for (const row of [first, ...repeats]) fail(row, failure)
    }
  }

  return { counts, tell, fail, count }
}
