import { InvalidArgumentError, type Command } from 'commander'
import type { ConnectionFlags } from './connect.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'

/** One command of the program. */
export interface Definition<Flags> {
  /** With its arguments, as Commander takes them: `create <name>`. */
  usage: string
  description: string
  /** Each as it would be typed. */
  examples: readonly string[]
  /** Adds the flags that are its own. */
  flags?: (command: Command) => Command
  run: (flags: Flags & ConnectionFlags, output: Output, args: readonly string[]) => Promise<ExitCode>
}

/** A command, ready to be added to the program. */
export type AddCommand = (program: Command, output: Output, onEnd: (code: ExitCode) => void) => void

/** Makes a command of its definition, with the flags that all of them have. */
export function defineCommand<Flags = object>(definition: Definition<Flags>): AddCommand {
  const { usage, description, examples, flags = (command) => command, run } = definition
  return (program, output, onEnd) => {
    const command = flags(program.command(usage).description(description))
      .option(
        '--config <file>',
        "module with the host's options (latchkey.config.ts in this folder, if there is one)",
      )
      .option(
        '--database <url>',
        'postgres:// URL or folder (that of the config, then DATABASE_URL, then ./.latchkey)',
      )
      .option('--namespace <name>', 'which key space (that of the config, then "default")', notEmpty)
      .option('--json', 'answer in JSON, for scripts')
      .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`)
    command.action(async () => {
      onEnd(await run(command.opts<Flags & ConnectionFlags>(), output, command.args))
    })
  }
}

/** Adds `--owner`, which commands about an owner's keys need. */
export function withOwner(command: Command): Command {
  return command.requiredOption('--owner <id>', 'whose keys, as your app names its customers', notEmpty)
}

/** Adds `--actor`, which commands need that change something. */
export function withActor(command: Command): Command {
  return command.option(
    '--actor <id>',
    'who does this, as your app names people (cli:<user of this machine>)',
    notEmpty,
  )
}

/** Collects a flag that may be given several times. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

export function notEmpty(text: string): string {
  // An unset variable of a script: `--owner "$OWNER"`.
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.')
  return text
}
