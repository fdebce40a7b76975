import { m } from '#lib/paraglide/messages.js'
import type { Theme } from '#lib/theme.ts'
import Monitor from '@lucide/svelte/icons/monitor'
import Moon from '@lucide/svelte/icons/moon'
import Sun from '@lucide/svelte/icons/sun'
import type { Component } from 'svelte'

/** What each theme is called, and its picture. */
export const themeLooks: Record<Theme, { label: () => string; icon: Component<{ class?: string }> }> = {
  system: { label: m.shell_theme_system, icon: Monitor },
  light: { label: m.shell_theme_light, icon: Sun },
  dark: { label: m.shell_theme_dark, icon: Moon },
}
