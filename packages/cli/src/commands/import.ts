import { StoreUnavailable } from '@latchkey/engine'
import { Option } from 'commander'
import { actorOf } from '../actor.ts'
import { defineCommand, withActor } from '../command.ts'
import { configFailure } from '../config.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, unavailable } from '../failure.ts'
import { createFeed } from '../import/feed.ts'
import { createProgress, tally } from '../import/progress.ts'
import { openSource, type RowForm } from '../import/source.ts'
import { onOneLine } from '../plain-text.ts'

interface Flags {
  actor?: string
  form?: RowForm
}

const AGAIN =
  'What was stored stays. Run the same command again: those rows are counted as known, and none is added twice.'

/** `latchkey import`: takes over keys that another system issued. */
export const importKeys = defineCommand<Flags>({
  usage: 'import [file]',
  description: 'take over keys that another system issued, from a file of rows or standard input',
  examples: [
    'latchkey import keys.jsonl',
    'latchkey import keys.csv',
    'psql -XAtq "$OLD_DATABASE_URL" -f export.sql | latchkey import',
  ],
  flags: (command) =>
    withActor(command).addOption(
      new Option(
        '--form <form>',
        "how rows are written (as the file's name ends; jsonl from standard input)",
      ).choices(['jsonl', 'csv']),
    ),
  async run(flags, output, [file]) {
    const source = openSource(file, flags.form)
    return withLatchkey(flags, output, async (latchkey, { options }) => {
      if (options.imports === undefined) {
        throw configFailure(
          "The config must say which formats your app accepts: imports: { formats: ['sanctum'] }. See docs/import.md.",
        )
      }
      const feed = createFeed(source)
      const progress = createProgress(output, feed.share)
      process.once('SIGINT', feed.stop)
      const counts = await latchkey.imports
        .run(actorOf(flags.actor), feed.rows, {
          onProgress: progress.show,
          onFailure({ row, field, message }) {
            const failure = feed.problemOf(row) ?? { field: onOneLine(field), message }
            progress.around(() => {
              output.event(
                'failure',
                { row, ...failure },
                () => `Row ${row}: ${failure.field} ${failure.message}.`,
              )
            })
          },
        })
        .catch((error: unknown) => {
          throw error instanceof StoreUnavailable ? unavailable(`${error.message} ${AGAIN}`) : error
        })
        .finally(() => {
          process.off('SIGINT', feed.stop)
          progress.end()
        })
      if (counts.done === 0) feed.assertRead()
      await output.result(counts, () => tally(counts))
      if (feed.isStopped()) {
        throw new Failure('interrupted', `The import was interrupted. ${AGAIN}`, {
          exitCode: EXIT.interrupted,
        })
      }
      feed.assertRead()
      return counts.failed === 0 ? EXIT.ok : EXIT.failed
    })
  },
})
