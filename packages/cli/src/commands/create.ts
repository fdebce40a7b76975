import type { CreateOptions, Environment, Metadata, RateLimit } from '@latchkey/engine'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { actorOf } from '../actor.ts'
import { collect, defineCommand, withActor, withOwner } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { refusal } from '../failure.ts'
import { expiry, parseDuration } from '../moments.ts'
import { showSecret } from '../secret-result.ts'

interface Flags extends Pick<CreateOptions, 'environment' | 'metadata'> {
  owner: string
  actor?: string
  environment: Environment
  scope?: string[]
  expires?: Date | null
  rateLimit?: RateLimit[]
}

/** `latchkey create`: a new key, whose secret is shown once. */
export const create = defineCommand<Flags>({
  usage: 'create <name>',
  description: 'create a key; its secret alone goes to standard output, once',
  examples: [
    'latchkey create "Integration with CRM" --owner acme --scope contacts:read --expires 90d',
    'latchkey create "Nightly export" --owner acme --rate-limit 100/1m > secret.txt',
  ],
  flags: (command) => withWishes(withActor(withOwner(command))),
  run: (flags, output, [name = '']) =>
    withLatchkey(flags, output, async ({ keys }) => {
      const { owner, actor, environment, metadata, expires, scope = [], rateLimit = [] } = flags
      const result = await keys.create(owner, actorOf(actor), {
        name,
        environment,
        metadata,
        scopes: scope,
        expiresAt: expires,
        rateLimits: rateLimit,
      })
      if (!result.ok) throw refusal(result)
      const { apiKey, secret } = result
      const end =
        apiKey.expiresAt === null ? 'It never expires.' : `It expires at ${apiKey.expiresAt.toISOString()}.`
      output.note(`Created ${apiKey.id}. ${end} This is its secret, shown only now:`)
      await showSecret(output, { apiKey, secret })
      return EXIT.ok
    }),
})

function withWishes(command: Command): Command {
  return command
    .addOption(
      new Option('--environment <name>', 'which world it opens').choices(['live', 'test']).default('live'),
    )
    .option(
      '--scope <scope>',
      'what it may do, of what the config declares; may be given several times',
      collect(String),
    )
    .option('--expires <when>', '90d, 2027-01-31 or never (as the policy has it)', expiry)
    .option('--rate-limit <limit>', '100/1m, or burst=10/1s; up to four', collect(rateLimit))
    .option('--metadata <json>', 'a JSON object that is kept with it', metadata)
}

/** A limit without a name is called so. */
const LIMIT_NAME = 'default'

function rateLimit(text: string): RateLimit {
  const [, name = LIMIT_NAME, limit, window = ''] = /^(?:([^=]+)=)?(\d+)\/(.+)$/.exec(text) ?? []
  const windowSeconds = parseDuration(window)
  if (limit === undefined || windowSeconds === null) {
    throw new InvalidArgumentError('It is like 100/1m, or burst=10/1s.')
  }
  return { name, limit: Number(limit), windowSeconds }
}

function metadata(text: string): Metadata {
  try {
    return JSON.parse(text) as Metadata
  } catch {
    throw new InvalidArgumentError('It is a JSON object, as \'{"team":"sales"}\'.')
  }
}
