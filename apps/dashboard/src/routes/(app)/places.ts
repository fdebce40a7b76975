import { m } from '#lib/paraglide/messages.js'
import type { Session } from '#lib/session.ts'
import Building from '@lucide/svelte/icons/building'
import House from '@lucide/svelte/icons/house'
import Settings from '@lucide/svelte/icons/settings'
import { operatorPages } from './operator-pages.ts'
import { settingsPagesFor } from './settings-pages.ts'

/** Where one can go. */
export interface Place {
  href: string
  icon: typeof House
  title: () => string
}

/** An entry of the main menu, with what stands below it while one is there. */
export interface MainPlace extends Place {
  pages: readonly Place[]
}

/** The main menu’s own entries. */
export const mainPlacesFor = (session: Session): MainPlace[] => [
  { href: '/', icon: House, title: m.shell_overview, pages: [] },
  { href: '/settings', icon: Settings, title: m.shell_settings, pages: settingsPagesFor(session) },
  ...(session.operator
    ? [{ href: '/operator', icon: Building, title: m.operator_title, pages: operatorPages }]
    : []),
]

/** Everywhere that a person may go from anywhere. */
export const placesFor = (session: Session): Place[] =>
  mainPlacesFor(session).flatMap((place) => [place, ...place.pages])
