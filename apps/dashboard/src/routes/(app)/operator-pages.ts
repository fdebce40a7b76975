import { m } from '#lib/paraglide/messages.js'
import Activity from '@lucide/svelte/icons/activity'
import Building from '@lucide/svelte/icons/building'
import Search from '@lucide/svelte/icons/search'

/** The pages of the operator area, as the main menu and the area's own page name them. */
export const operatorPages = [
  {
    href: '/operator/workspaces',
    icon: Building,
    title: m.operator_workspaces,
    text: m.operator_workspaces_text,
  },
  { href: '/operator/find-key', icon: Search, title: m.operator_find, text: m.operator_find_text },
  { href: '/operator/health', icon: Activity, title: m.operator_health, text: m.operator_health_text },
] as const
