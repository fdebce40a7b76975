/** What is wrong with a request, in words for the person who sent it. */
export interface InvalidInput {
  ok: false
  reason: 'invalid'
  field: string
  message: string
}

/** The outcome of one check. */
export type Checked<T> = { ok: true; value: T } | InvalidInput

export function invalid(field: string, message: string): InvalidInput {
  return { ok: false, reason: 'invalid', field, message }
}

/** The first thing that is wrong, or every value. */
export function allChecked<T extends object>(checks: { [K in keyof T]: Checked<T[K]> }): Checked<T> {
  const values: Partial<T> = {}
  for (const [field, checked] of Object.entries(checks) as [keyof T, Checked<T[keyof T]>][]) {
    if (!checked.ok) return checked
    values[field] = checked.value
  }
  return { ok: true, value: values as T }
}
