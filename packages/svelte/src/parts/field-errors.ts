import { m } from '#paraglide/messages.js'

/** The complaints of a problem document about the fields of a form, as sentences. The API says them in English. */
export function fieldErrors<Field extends string>(
  fields: readonly Field[],
  problems: { field: string; message: string }[] = [],
): Partial<Record<Field, string>> {
  const errors: Partial<Record<Field, string>> = {}
  for (const { field, message } of problems) {
    const known = fields.find((name) => name === field)
    if (known) errors[known] ??= m.shell_field_refused({ reason: asSentence(message) })
  }
  return errors
}

const asSentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
