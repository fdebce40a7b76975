import { m } from '#lib/paraglide/messages.js'
import { isInCharge, type Session } from '#lib/session.ts'
import KeyRound from '@lucide/svelte/icons/key-round'
import ScrollText from '@lucide/svelte/icons/scroll-text'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import Timer from '@lucide/svelte/icons/timer'
import Users from '@lucide/svelte/icons/users'

/** A page below Settings, as the main menu and the page Settings name it. */
export interface SettingsPage {
  href: string
  icon: typeof KeyRound
  title: () => string
  text: () => string
  /** Who may open it; everybody when left out. The API decides; this only spares people a refusal. */
  isFor?: (session: Session) => boolean
}

const pages: readonly SettingsPage[] = [
  {
    href: '/settings/api-keys',
    icon: KeyRound,
    title: m.settings_api_keys,
    text: m.settings_api_keys_text,
  },
  { href: '/settings/key-policy', icon: Timer, title: m.settings_policy, text: m.settings_policy_text },
  {
    href: '/settings/audit-log',
    icon: ScrollText,
    title: m.settings_audit,
    text: m.settings_audit_text,
    isFor: isInCharge,
  },
  { href: '/settings/members', icon: Users, title: m.settings_members, text: m.settings_members_text },
  {
    href: '/settings/security',
    icon: ShieldCheck,
    title: m.settings_security,
    text: m.settings_security_text,
  },
]

/** Those that a person may open. */
export const settingsPagesFor = (session: Session): SettingsPage[] =>
  pages.filter(({ isFor }) => isFor?.(session) ?? true)
