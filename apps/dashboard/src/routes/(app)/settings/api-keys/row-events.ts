import type { KeySummary } from '@latchkey/svelte/parts/key-summary.ts'

/** What a row tells the list. */
export interface RowEvents {
  onchoose: (key: KeySummary, isChosen: boolean) => void
  onmenu: (key: KeySummary, button: HTMLElement) => void
  onrenamed: (key: KeySummary) => void
  ondelete: (key: KeySummary) => void
}
