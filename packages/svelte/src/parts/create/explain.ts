import { m } from '#paraglide/messages.js'
import { fieldErrors } from '../field-errors.ts'
import { formFields, type CreateFailure } from './create.ts'
import { atItsLine } from './lines.ts'

/** The API’s complaints about parts of a field, as `quota.limit`, are those of the field. */
export function explain(
  problems: { field: string; message: string }[] = [],
  { allowedIps }: { allowedIps: string },
): Partial<CreateFailure> {
  const whole = problems.map(({ field, message }) => ({ field: field.replace(/[./].*/, ''), message }))
  const errors = fieldErrors(formFields, whole)
  if (errors.allowedIps) errors.allowedIps = atItsLine(errors.allowedIps, allowedIps)
  return Object.keys(errors).length > 0 ? { errors } : { message: m.create_error_rejected() }
}
