import { inspectDatabase, migrationStatus, tryNotifications } from '@latchkey/engine'
import { defineCommand } from '../command.ts'
import { readConfig } from '../config.ts'
import { withDatabase, type Connection, type ConnectionFlags } from '../connect.ts'
import type { Check } from '../doctor/check.ts'
import {
  checkClock,
  checkMigrations,
  checkNodes,
  checkNotifications,
  checkRole,
  checkServer,
} from '../doctor/checks.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { failureOf } from '../failure-of.ts'
import { onOneLine } from '../plain-text.ts'
import type { Output } from '../output.ts'

/** `latchkey doctor`: looks for what could be wrong, and changes nothing. */
export const doctor = defineCommand({
  usage: 'doctor',
  description: 'look for what could be wrong with the database and the way to it; changes nothing',
  examples: [
    'latchkey doctor',
    'latchkey doctor --json | jq -r \'.checks[] | select(.status != "ok") | .message\'',
  ],
  async run(flags, output) {
    const { checks, code } = await examine(flags)
    const ok = code === EXIT.ok
    await output.result({ ok, checks }, () => checks.map((check) => line(check, output)).join('\n'))
    return code
  },
})

async function examine(flags: ConnectionFlags): Promise<{ checks: Check[]; code: ExitCode }> {
  const config = checkConfig((await readConfig(flags.config)).file)
  try {
    const checks = [config, ...(await withDatabase(flags, {}, examineDatabase))]
    return { checks, code: checks.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok }
  } catch (error) {
    const failure = failureOf(error)
    if (failure.exitCode !== EXIT.unavailable) throw failure
    const { message, exitCode: code } = failure
    return { checks: [config, { name: 'database', status: 'failed', message }], code }
  }
}

async function examineDatabase({ database, place, options: { namespace } }: Connection): Promise<Check[]> {
  const facts = await inspectDatabase(database, { namespace })
  const { lacks } = facts.role
  // Who may not look at the journal gets no answer at all.
  const mayRead =
    !lacks.includes('usage on schema latchkey') && !lacks.includes('select on latchkey.migrations')
  const status = mayRead ? await migrationStatus(database) : null
  return [
    checkServer(facts, place),
    checkClock(facts),
    ...(status === null ? [] : [checkMigrations(status)]),
    checkNotifications(await tryNotifications(database)),
    checkRole(facts, {
      isEmbedded: database.kind === 'pglite',
      hasPending: (status?.pending.length ?? 0) > 0,
    }),
    checkNodes(facts, namespace),
  ]
}

function checkConfig(file: string | null): Check {
  return {
    name: 'config',
    status: 'ok',
    message:
      file === null
        ? 'No latchkey.config.ts here: no scopes, policy or formats are known.'
        : `Read from ${file}.`,
    details: { file },
  }
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const

function line({ name, status, message }: Check, { colour }: Output): string {
  return `${colour(COLOURS[status], status.padEnd(8))} ${name.padEnd(14)} ${onOneLine(message)}`
}
