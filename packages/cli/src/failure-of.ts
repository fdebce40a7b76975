import { StoreUnavailable } from '@latchkey/engine'
import { CommanderError } from 'commander'
import { Failure, unavailable, usage } from './failure.ts'
import { hintFor } from './hints.ts'

/** Tells whatever was thrown in words for whoever typed the command. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof StoreUnavailable) return unavailable(`${error.message}${hintFor(error)}`)
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return usage('Say which command to run; the list is above.')
    const message = error.message.replace(/^error: /, '').replace(/[.?)]?$/, (end) => end || '.')
    return usage(`${message} \`latchkey help <command>\` tells how it is used.`)
  }
  return new Failure('internal', `This should not have happened: ${(error as Error).message}`)
}
