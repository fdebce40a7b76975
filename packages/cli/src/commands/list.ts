import {
  KEY_STATES,
  MAX_PAGE_SIZE,
  parseSecret,
  type ApiKey,
  type Environment,
  type KeyState,
  type Keys,
} from '@latchkey/engine'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { collect, defineCommand, withOwner } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { refusal } from '../failure.ts'
import { keyJson, keyTable } from '../key-view.ts'

interface Flags {
  owner: string
  status?: KeyState[]
  environment?: Environment
  search?: string
  limit?: number
}

/** `latchkey list`: an owner's keys, newest first. */
export const list = defineCommand<Flags>({
  usage: 'list',
  description: "list an owner's keys, newest first",
  examples: [
    'latchkey list --owner acme',
    'latchkey list --owner acme --status revoked --status expired',
    "latchkey list --owner acme --json | jq -r '.data[].id'",
  ],
  flags: (command) => withFilters(withOwner(command)),
  run: (flags, output) =>
    withLatchkey(flags, output, async ({ keys }) => {
      const found = await readKeys(keys, flags)
      await output.result({ data: found.map(keyJson) }, () =>
        found.length === 0 ? 'There are no such keys.' : keyTable(found, output),
      )
      return EXIT.ok
    }),
})

function withFilters(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--status <status>',
        'only keys of this status; may be given several times (all but revoked)',
      )
        .choices(KEY_STATES)
        .argParser(collect(status)),
    )
    .addOption(new Option('--environment <name>', 'only keys of this environment').choices(['live', 'test']))
    .option('--search <text>', "part of a name, or how a key's text begins", searchText)
    .option('--limit <count>', 'at most so many (all)', limit)
}

function status(text: string): KeyState {
  if (!KEY_STATES.includes(text as KeyState))
    throw new InvalidArgumentError(`It is one of ${KEY_STATES.join(', ')}.`)
  return text as KeyState
}

function searchText(text: string): string {
  if (parseSecret(text) !== null) {
    throw new InvalidArgumentError(
      'Never type a whole key: others see it in the list of processes. Its beginning will do, as lk_live_a1B2.',
    )
  }
  return text
}

function limit(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count < 1) throw new InvalidArgumentError('It is a whole number, 1 or more.')
  return count
}

async function readKeys(keys: Keys, flags: Flags): Promise<ApiKey[]> {
  const { owner, status, environment, search: q, limit = Infinity } = flags
  const found: ApiKey[] = []
  let cursor: string | undefined
  do {
    const page = Math.min(MAX_PAGE_SIZE, limit - found.length)
    const result = await keys.list(owner, { status, environment, q, cursor, limit: page })
    if (!result.ok) throw refusal(result)
    found.push(...result.data)
    cursor = result.nextCursor ?? undefined
  } while (cursor !== undefined && found.length < limit)
  return found
}
