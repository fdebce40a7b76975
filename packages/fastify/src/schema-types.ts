import { Type } from 'typebox'

/** One of some texts. */
export const oneOf = <T extends string>(values: readonly T[], options: object) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...options })

/** A moment, as RFC 3339 has it. */
export const moment = (description: string, example: string) =>
  Type.String({ format: 'date-time', description, examples: [example] })

/** The same, or null for none. */
export const momentOrNull = (description: string, example: string | null) =>
  Type.Unsafe<string | null>({
    type: ['null', 'string'],
    format: 'date-time',
    description,
    examples: [example],
  })
