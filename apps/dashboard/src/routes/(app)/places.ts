import { m } from '#lib/paraglide/messages.js'
import type { Session } from '#lib/session.ts'
import House from '@lucide/svelte/icons/house'
import Settings from '@lucide/svelte/icons/settings'
import { settingsPagesFor } from './settings-pages.ts'

/** Where one can go. */
export interface Place {
  href: string
  icon: typeof House
  title: () => string
}

/** The main menu’s own entries. */
export const mainPlaces: readonly Place[] = [
  { href: '/', icon: House, title: m.shell_overview },
  { href: '/settings', icon: Settings, title: m.shell_settings },
]

/** Everywhere that a person may go from anywhere. */
export const placesFor = (session: Session): Place[] => [...mainPlaces, ...settingsPagesFor(session)]
