import { editFieldNames, isSame, type EditField, type EditFields } from './edit-fields.ts'

export interface Merged {
  values: EditFields
  /** What both changed, differently: the form keeps what was typed. */
  conflicts: EditField[]
  /** What only others changed: the form takes it over. */
  adopted: EditField[]
}

/** What was typed, laid upon the key as others have changed it meanwhile. */
export function merge(typed: EditFields, base: Partial<EditFields>, latest: EditFields): Merged {
  const values = { ...typed }
  const conflicts: EditField[] = []
  const adopted: EditField[] = []
  for (const field of editFieldNames) {
    if (isSame(field, latest, base) || isSame(field, latest, typed)) continue
    if (isSame(field, typed, base)) {
      Object.assign(values, { [field]: latest[field] })
      adopted.push(field)
    } else conflicts.push(field)
  }
  return { values, conflicts, adopted }
}
