import type { InvalidInput } from '@latchkey/engine'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** Why a command did not do what it was asked, in a sentence that says what to do. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** Stable; told in docs/cli.md. */
  readonly code: string
  readonly exitCode: ExitCode
  /** What else there is to say, for scripts. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    { exitCode = EXIT.failed, details = {} }: { exitCode?: ExitCode; details?: Record<string, unknown> } = {},
  ) {
    super(message)
    this.code = code
    this.exitCode = exitCode
    this.details = details
  }
}

/** The command was called wrongly. */
export function usage(message: string, details?: Record<string, unknown>): Failure {
  return new Failure('usage', message, { exitCode: EXIT.usage, ...(details && { details }) })
}

/** The database could not be asked. */
export function unavailable(message: string): Failure {
  return new Failure('unavailable', message, { exitCode: EXIT.unavailable })
}

/** What the engine answers when it does not do what it was asked. */
type Refusal = InvalidInput | { ok: false; reason: string; message?: string }

/** The codes are those of the HTTP routes. */
const REFUSALS: Readonly<Record<string, [code: string, message: string]>> = {
  not_found: [
    'not_found',
    'The owner has no such key in this namespace. `latchkey list --owner ...` tells the ids.',
  ],
  revoked: [
    'already_revoked',
    'The key is revoked. `latchkey restore` takes that back while there is time; otherwise create another one.',
  ],
  not_revoked: ['not_revoked', 'The key is not revoked.'],
  compromised: [
    'not_restorable',
    'The secret of this key leaked (keyCompromise), so it never comes back. Create another one.',
  ],
  too_late: ['not_restorable', 'The time in which this key could be restored is over. Create another one.'],
  expired: ['already_expired', 'The key has expired. Create another one, or give it a later end first.'],
  retiring: [
    'already_retiring',
    'The secret before the present one still works. Wait until it ends, or rotate with --grace 0.',
  ],
  too_many_keys: [
    'too_many_keys',
    'The owner has as many keys as are allowed. Revoke one that is no longer needed.',
  ],
}

/** Tells a refusal of the engine's in words for whoever typed the command. */
export function refusal(result: Refusal): Failure {
  if (isInvalid(result)) return invalidInput(result)
  const { reason } = result
  // One that has words of its own.
  if (result.message !== undefined) return new Failure(reason, `${result.message}`)
  const [code, message] = REFUSALS[reason] ?? [reason, `This was refused (${reason}).`]
  return new Failure(code, message)
}

function isInvalid(result: Refusal): result is InvalidInput {
  return result.reason === 'invalid'
}

function invalidInput({ field, message }: InvalidInput): Failure {
  const hint =
    field === 'scopes' ? ' Those of your app are declared in latchkey.config.ts, or where --config says.' : ''
  return new Failure('invalid_input', `${field} ${message}.${hint}`, {
    exitCode: EXIT.usage,
    details: { field },
  })
}
