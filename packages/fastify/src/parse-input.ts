import type { BeyondGrant, InvalidInput } from '@latchkey/engine'
import { ProblemError } from './problem.ts'

/** Reads a moment that has passed the schema; undefined and null stay what they are. A leap second passes it too, but no Date can be one. */
export function parseMoment(field: string, text: string | null | undefined): Date | null | undefined {
  if (text === null || text === undefined) return text
  const moment = new Date(text)
  if (!Number.isNaN(moment.getTime())) return moment
  throw new ProblemError('invalid_request', {
    errors: [{ field, message: 'must be a date and time' }],
  })
}

/** The problem of a value that the engine refused. */
export function invalidInput({ field, message }: InvalidInput): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ field, message }] })
}

/** The problem of who would hand out more than they may. */
export function beyondGrant({ message }: BeyondGrant): ProblemError {
  return new ProblemError('beyond_grant', { detail: message })
}
