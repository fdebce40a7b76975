import { RESERVED_SCOPES, type Environment, type Verdict } from '@latchkey/engine'
import { Option } from 'commander'
import { collect, defineCommand } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { usage } from '../failure.ts'
import { onOneLine } from '../plain-text.ts'
import type { Output } from '../output.ts'
import { readSecret } from '../read-secret.ts'

interface Flags {
  scope?: string[]
  environment?: Environment
}

/** `latchkey verify`: says whether a key is good, and whose it is. */
export const verify = defineCommand<Flags>({
  usage: 'verify',
  description: 'say whether a key is good, and whose; it is asked for, or read from standard input',
  examples: [
    'latchkey verify',
    'latchkey verify --scope contacts:read < secret.txt',
    "pbpaste | latchkey verify --json | jq -r '.code'",
  ],
  flags: (command) =>
    command
      .option('--scope <scope>', 'what it must be able to do; may be given several times', collect(String))
      .addOption(new Option('--environment <name>', 'which world it must open').choices(['live', 'test']))
      // So that it can be said why not.
      .allowExcessArguments(),
  async run(flags, output, args) {
    if (args.length > 0) {
      throw usage(
        'A key is never typed into a command: others see it in the list of processes, and it stays in the history of ' +
          'your shell. Run `latchkey verify` alone and type it when asked, or pipe it in: latchkey verify < file',
      )
    }
    const secret = await readSecret()
    return withLatchkey(flags, output, async (latchkey) => {
      const known = { ...latchkey.scopes, ...RESERVED_SCOPES }
      const unknown = (flags.scope ?? []).find((scope) => !Object.hasOwn(known, scope))
      if (unknown !== undefined) {
        throw usage(
          `The scope ${unknown} is not declared, so no key can have it. Declare it in latchkey.config.ts, or name that file with --config.`,
        )
      }
      const verdict = await latchkey.verify(secret, {
        scopes: flags.scope ?? [],
        // A look at a key takes nothing of its limits.
        cost: 0,
        ...(flags.environment && { environment: flags.environment }),
      })
      await output.result(verdictJson(verdict), () => verdictText(verdict, output))
      return verdict.ok ? EXIT.ok : EXIT.notGood
    })
  },
})

/** Codes and sentences; the codes are those of the HTTP routes, which do not tell the first two apart. */
const REFUSALS: Readonly<Record<string, [code: string, sentence: string]>> = {
  malformed: [
    'malformed_key',
    'This is no key of Latchkey: it was mistyped or cut, or another system issued it.',
  ],
  unknown: ['unknown_key', 'No key of this namespace has this text.'],
  revoked: ['key_revoked', 'The key was revoked.'],
  retired: ['key_retired', 'The key was rotated, and this is its old secret, which works no more.'],
  expired: ['key_expired', 'The key has expired.'],
  suspended: ['owner_suspended', 'The owner of the key is suspended.'],
  disabled: ['key_disabled', 'The key is disabled.'],
  pending: ['key_pending', 'The key is good from a later moment on.'],
  environment: ['wrong_environment', 'The key is of the other environment.'],
  insufficient_scope: ['insufficient_scope', 'The key lacks a scope that was asked for.'],
  quota_exceeded: ['quota_exceeded', 'The key has no credits left.'],
}

function refusalOf(reason: string): [code: string, sentence: string] {
  return REFUSALS[reason] ?? [reason, `The key is refused (${reason}).`]
}

/** Of the shape that POST /verify answers. */
function verdictJson(verdict: Verdict) {
  const { key } = verdict
  const apiKey = key && {
    id: key.id,
    owner: key.owner,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes,
    metadata: key.metadata,
  }
  return { valid: verdict.ok, code: verdict.ok ? 'valid' : refusalOf(verdict.reason)[0], apiKey }
}

function verdictText(verdict: Verdict, { colour }: Output): string {
  const { key } = verdict
  const title = verdict.ok
    ? colour('green', 'Good.')
    : colour('red', `Not good. ${refusalOf(verdict.reason)[1]}`)
  if (key === null) return title
  const facts = {
    id: key.id,
    owner: key.owner,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes.join(' ') || '-',
  }
  return [
    title,
    ...Object.entries(facts).map(([fact, value]) => `  ${fact.padEnd(12)} ${onOneLine(value)}`),
  ].join('\n')
}
