import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { AddCommand } from './command.ts'
import { audit } from './commands/audit.ts'
import { create } from './commands/create.ts'
import { doctor } from './commands/doctor.ts'
import { importKeys } from './commands/import.ts'
import { list } from './commands/list.ts'
import { migrateSchema } from './commands/migrate.ts'
import { restore } from './commands/restore.ts'
import { revoke } from './commands/revoke.ts'
import { rotate } from './commands/rotate.ts'
import { verify } from './commands/verify.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'

const COMMANDS: readonly AddCommand[] = [
  migrateSchema,
  create,
  list,
  rotate,
  revoke,
  restore,
  verify,
  importKeys,
  audit,
  doctor,
]

const EPILOGUE = `
Exit codes:
  0  done
  1  refused, or something of it failed
  2  called wrongly; nothing was done
  3  the database could not be asked
  4  verify: the key is not good
`

/** Makes the program. It throws CommanderError where it is called wrongly, and prints nothing of that itself. */
export function createProgram(output: Output, onEnd: (code: ExitCode) => void): Command {
  const program = new Command('latchkey')
    .description("Latchkey's API keys, from a terminal or a script.")
    .version(version(), '--version', 'tell the version')
    .helpOption('--help', 'tell what there is')
    .helpCommand('help [command]', 'tell how a command is used')
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
  for (const add of COMMANDS) add(program, output, onEnd)
  return program
}

function version(): string {
  const file = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
