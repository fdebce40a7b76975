import type { FieldError } from './problem.ts'

/** What Fastify tells of a failed schema check; Ajv made it. */
export interface ValidationFailure {
  keyword: string
  instancePath: string
  params: Record<string, unknown>
  message?: string
}

/** A body of 16 KiB can be wrong in thousands of places; the first few are what a person reads. */
const MAX_ERRORS = 20
/** A field's name may be the sender's invention, so it is repeated only so far. */
const MAX_FIELD_LENGTH = 100

/** Says in words which fields of a request are wrong. `part` names the whole where no field is to blame: `body`. */
export function fieldErrors(failures: readonly ValidationFailure[], part = 'request'): FieldError[] {
  return failures.slice(0, MAX_ERRORS).map((failure) => {
    const path = failure.instancePath.slice(1).replaceAll('/', '.')
    const child = childName(failure)
    const field = child === null ? path : path === '' ? child : `${path}.${child}`
    return { field: (field || part).slice(0, MAX_FIELD_LENGTH), message: messageOf(failure) }
  })
}

/** Two keywords blame an object for one of its fields; a reader looks for the field. */
function childName({ keyword, params }: ValidationFailure): string | null {
  if (keyword === 'additionalProperties') return String(params['additionalProperty'])
  if (keyword === 'required') return String(params['missingProperty'])
  return null
}

function messageOf({ keyword, params, message = 'is not valid' }: ValidationFailure): string {
  if (keyword === 'additionalProperties') return 'is not a known field'
  if (keyword === 'required') return 'is required'
  if (keyword === 'enum') return `must be one of: ${(params['allowedValues'] as unknown[]).join(', ')}`
  return message
}
