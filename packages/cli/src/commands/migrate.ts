import { migrate, migrationStatus } from '@latchkey/engine'
import { defineCommand } from '../command.ts'
import { withDatabase } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'

/** `latchkey migrate`: brings the schema up to date, and makes an embedded database where there is none. */
export const migrateSchema = defineCommand({
  usage: 'migrate',
  description: "bring the database's schema up to date; safe to run at any time, by several at once",
  examples: ['DATABASE_URL=postgres://... latchkey migrate', 'latchkey migrate --database ./.latchkey'],
  run: (flags, output) =>
    withDatabase(flags, { mayCreate: true }, async ({ database, place }) => {
      const { version: from, pending } = await migrationStatus(database)
      await migrate(database)
      const { version: to } = await migrationStatus(database)
      await output.result({ from, to, applied: pending }, () =>
        pending.length === 0
          ? `The schema in ${place} is up to date, at version ${to}.`
          : [
              ...pending.map(({ version, name }) => `Applied ${String(version).padStart(4, '0')} ${name}`),
              `The schema in ${place} went from version ${from} to ${to}.`,
            ].join('\n'),
      )
      return EXIT.ok
    }),
})
