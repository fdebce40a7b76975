import type { AuditEvent } from '@latchkey/client'
import { fieldOrder } from './field-words.ts'

export interface FieldChange {
  field: string
  before: unknown
  after: unknown
}

/** What an event says was there before and after, field by field. */
export function fieldChanges({ before, after }: Pick<AuditEvent, 'before' | 'after'>): FieldChange[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...fields]
    .sort((one, other) => fieldOrder(one) - fieldOrder(other))
    .map((field) => ({ field, before: before?.[field], after: after?.[field] }))
}
