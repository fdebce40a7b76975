import { goto, refreshAll } from '$app/navigation'
import { chooseTheme } from '#lib/choose-theme.ts'
import { m } from '#lib/paraglide/messages.js'
import { mayChangeKeys, type Session } from '#lib/session.ts'
import { themes } from '#lib/theme.ts'
import { themeLooks } from '../theme-looks.ts'
import Keyboard from '@lucide/svelte/icons/keyboard'
import LogOut from '@lucide/svelte/icons/log-out'
import Plus from '@lucide/svelte/icons/plus'
import { placesFor } from '../places.ts'
import type { Command } from './command.ts'

/** Everything that can be done from anywhere. */
export function commandsFor(session: Session, help: () => void): Command[] {
  const [go, act] = [m.palette_group_go(), m.palette_group_act()]
  const create: Command = {
    id: 'create',
    group: act,
    label: m.keys_create(),
    icon: Plus,
    shortcut: 'C',
    run: () => void goto('/settings/api-keys/new'),
  }
  return [
    ...placesFor(session).map(({ href, icon, title }) => ({
      id: href,
      group: go,
      label: title(),
      icon,
      run: () => void goto(href),
    })),
    ...(mayChangeKeys(session) ? [create] : []),
    ...themes.map((theme) => ({
      id: `theme-${theme}`,
      group: act,
      label: m.palette_theme({ theme: themeLooks[theme].label() }),
      icon: themeLooks[theme].icon,
      run: () => void chooseTheme(theme).then(refreshAll),
    })),
    { id: 'help', group: act, label: m.palette_help_title(), icon: Keyboard, shortcut: '?', run: help },
    { id: 'sign-out', group: act, label: m.shell_sign_out(), icon: LogOut, run: signOut },
  ]
}

/** By the account menu’s own form, for a sign-out is a change and never a link. */
function signOut() {
  document.querySelector<HTMLFormElement>('form[action="/sign-out"]')?.requestSubmit()
}
