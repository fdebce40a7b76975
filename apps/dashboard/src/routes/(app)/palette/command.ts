import type { Component } from 'svelte'

/** Something that the palette does. */
export interface Command {
  id: string
  /** The heading it stands under. */
  group: string
  label: string
  icon: Component<{ class?: string }>
  /** Beside the label, for example the start of a key. */
  detail?: string
  /** The single key that does the same. */
  shortcut?: string
  run: () => void
}

const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()

/** Whether every word that was typed begins a word of the command: “cr k” finds “Create API Key”. */
export function matches({ label, group }: Command, text: string): boolean {
  const words = plain(`${group} ${label}`).split(/[^\p{L}\p{N}]+/u)
  return plain(text)
    .split(/\s+/)
    .every((typed) => words.some((word) => word.startsWith(typed)))
}
