import type { Component } from 'svelte'

/** One line of a menu: somewhere to go, or something to do. */
export interface MenuItem {
  label: string
  icon: Component
  href?: string
  run?: () => void
  /** Why it cannot be chosen now; null when it can. */
  why?: string | null
  isDanger?: boolean
}
