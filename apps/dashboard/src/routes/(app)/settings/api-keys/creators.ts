import type { KeySummary } from '@latchkey/svelte/parts/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'

/** Whose keys can be asked for: mine, those of whoever created the keys in sight, and those that are asked for already. */
export function creatorsOf(
  keys: Pick<KeySummary, 'createdById' | 'createdBy'>[],
  me: { id: string },
  asked: string | null,
): { id: string; name: string }[] {
  const names = new Map<string, string>([[me.id, m.list_by_me()]])
  for (const { createdById, createdBy } of keys)
    if (!names.has(createdById)) names.set(createdById, createdBy ?? createdById)
  if (asked && !names.has(asked)) names.set(asked, asked)
  return [...names].map(([id, name]) => ({ id, name }))
}
